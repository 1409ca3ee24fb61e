"""The angles of rotary positions of published decoders, by the rope types of transformers.

Writes packages/models/src/fixtures/rope-scaling.json.
Run: python scripts/golden/rope-scaling.py   (transformers 5.18.0; the file's header says which)
"""

import json
import sys
from pathlib import Path

sys.path.pop(0)

import transformers
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

# Llama 3.1, Qwen2.5 with the scaling of its card, a Llama 2 stretched, and YaRN's less usual numbers.
CASES = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "linear": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    "llama3": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
    "yarn": {"rope_type": "yarn", "rope_theta": 1000000.0, "factor": 4.0, "original_max_position_embeddings": 32768},
    "yarn by its own numbers": {
        "rope_type": "yarn",
        "rope_theta": 10000.0,
        "factor": 40.0,
        "original_max_position_embeddings": 4096,
        "beta_fast": 16.0,
        "beta_slow": 2.0,
        "mscale": 1.0,
        "mscale_all_dim": 0.707,
        "truncate": False,
    },
    "yarn of a stated factor": {
        "rope_type": "yarn",
        "rope_theta": 10000.0,
        "factor": 2.0,
        "original_max_position_embeddings": 2048,
        "attention_factor": 0.5,
    },
}
WIDTH = 64
POSITIONS = 131072


def angles(rope):
    config = transformers.LlamaConfig(
        head_dim=WIDTH, hidden_size=WIDTH, num_attention_heads=1, max_position_embeddings=POSITIONS, rope_parameters=rope
    )
    embedding = LlamaRotaryEmbedding(config)
    return {"frequencies": embedding.inv_freq.tolist(), "scale": embedding.attention_scaling}


def main():
    header = {"script": "scripts/golden/rope-scaling.py", "transformers": transformers.__version__}
    cases = [{"name": name, "rope": rope} | angles(dict(rope)) for name, rope in CASES.items()]
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    target = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures/rope-scaling.json"
    rest = json.dumps(header | {"width": WIDTH, "max_position_embeddings": POSITIONS})[1:-1]
    target.write_text("{\n" + rest + ',\n"cases": [\n' + ",\n".join(lines) + "\n]\n}\n")


if __name__ == "__main__":
    main()
