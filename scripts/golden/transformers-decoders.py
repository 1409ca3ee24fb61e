"""Tiny random decoders and what transformers computes with them, as sequence classifiers and as causal language models.

Writes packages/models/src/fixtures/<name>/{config.json, model.safetensors, golden.json}, one folder per case below.
Padding is on the right in the file; the script itself checks that padding on the left changes no logit.
Run: python scripts/golden/transformers-decoders.py [name …]   (torch 2.13.0, transformers 5.18.0; the numbers' header says which)
"""

import importlib.util
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("encoders", HERE / "transformers-encoders.py")
encoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(encoders)

import torch
import transformers

SEED = 20261123
# Two query heads share a key and value head.
SMALL = dict(
    vocab_size=60,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=24,
    max_position_embeddings=24,
    initializer_range=encoders.SPREAD,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
    num_labels=1,
    tie_word_embeddings=True,
)
# A window of 4: the longest row of the batch has tokens that sliding layers do not see.
SLIDING = dict(use_sliding_window=True, sliding_window=4, max_window_layers=1)
YARN = {"rope_type": "yarn", "rope_theta": 300.0, "factor": 3.0, "original_max_position_embeddings": 8}
# Wavelengths of 8 tokens and below stay, of 32 and above are stretched.
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
CASES = {
    "qwen2": ("Qwen2", dict(SMALL, **SLIDING)),
    # As embedders whose attention was made bidirectional state it.
    "qwen2-bidirectional": ("Qwen2", dict(SMALL, **SLIDING, is_causal=False)),
    "qwen2-causal": ("Qwen2", dict(SMALL, tie_word_embeddings=False, rope_parameters=YARN)),
    # Heads of 6: heads · width is not the hidden size.
    "qwen3": ("Qwen3", dict(SMALL, head_dim=6, attention_bias=True)),
    "llama": ("Llama", dict(SMALL, rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True)),
    # Its config.json is rewritten as files of transformers 4 are.
    "llama-causal": (
        "Llama",
        dict(SMALL, tie_word_embeddings=False, rope_parameters={"rope_type": "linear", "rope_theta": 300.0, "factor": 2.5}),
    ),
    "mistral": ("Mistral", dict(SMALL, sliding_window=4, num_key_value_heads=1)),
    "gemma": ("Gemma", dict(SMALL, head_dim=6, hidden_act="gelu")),
    # Soft caps that bend: scores and logits of random weights are of that size.
    "gemma2": (
        "Gemma2",
        dict(
            SMALL,
            head_dim=6,
            sliding_window=4,
            query_pre_attn_scalar=5,
            attn_logit_softcapping=1.5,
            final_logit_softcapping=2.0,
        ),
    ),
    "gemma3_text": (
        "Gemma3Text",
        dict(
            SMALL,
            num_hidden_layers=3,
            head_dim=6,
            sliding_window=4,
            query_pre_attn_scalar=5,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters={
                "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 900.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 30.0},
            },
        ),
    ),
    # As EmbeddingGemma states it.
    "gemma3_text-bidirectional": (
        "Gemma3Text",
        dict(
            SMALL,
            head_dim=6,
            sliding_window=4,
            query_pre_attn_scalar=6,
            use_bidirectional_attention=True,
            layer_types=["sliding_attention", "full_attention"],
        ),
    ),
}
GRADIENTS = [
    "model.embed_tokens.weight",
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.0.self_attn.k_proj.weight",
    "model.layers.1.mlp.gate_proj.weight",
    "model.layers.1.input_layernorm.weight",
]
# Of the causal head: two ids of the vocabulary, one of them unlike any of the batch's own.
ASKED = [7, 58]


def randomize(model, seed):
    """Every parameter random, biases and norms too, so that none can be left out unseen; Gemma's norms add 1 themselves."""
    generator = torch.Generator().manual_seed(seed)
    around = 0 if "Gemma" in type(model).__name__ else 1
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * encoders.SPREAD)
            if re.search(r"norm\.weight$", name):
                parameter.add_(around)


def build(class_name, fields, head):
    config = getattr(transformers, f"{class_name}Config")(**fields)
    model = getattr(transformers, CLASSES.get((class_name, head), f"{class_name}For{head}"))(config)
    model.set_attn_implementation("eager")
    return model.eval().float()


CLASSES = {("Gemma3Text", "CausalLM"): "Gemma3ForCausalLM"}


def left(ids, mask):
    """The same rows with their padding before them."""
    turned = [torch.cat([row[seen == 0], row[seen == 1]]) for row, seen in zip(ids, mask)]
    return torch.stack(turned), mask.flip(-1)


def asked_logits(model, ids, mask):
    logits = model(input_ids=ids, attention_mask=mask).logits
    last = mask.sum(-1) - 1
    return logits[torch.arange(len(ids)), last][:, ASKED]


def golden(name, class_name, fields, seed):
    head = "CausalLM" if name.endswith("-causal") else "SequenceClassification"
    model = build(class_name, fields, head)
    randomize(model, seed)
    ids, mask, types = encoders.batch(model.config, seed)
    output = model(input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False)
    causal = model
    if head == "SequenceClassification":
        causal = build(class_name, fields, "CausalLM")
        causal.model.load_state_dict(model.model.state_dict())
        before = model(**dict(zip(("input_ids", "attention_mask"), left(ids, mask)))).logits
        assert (before - output.logits).abs().max() < 1e-5, (name, before, output.logits)
    asked = asked_logits(causal, ids, mask)
    total = output.logits.sum() if head == "SequenceClassification" else asked.sum()
    total.backward()
    parameters = dict(model.named_parameters())
    wanted = [*GRADIENTS, "score.weight" if head == "SequenceClassification" else "lm_head.weight"]
    result = {
        "script": "scripts/golden/transformers-decoders.py",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "seed": seed,
        "class": type(model).__name__,
        "mode": "eval, float32, attn_implementation=eager",
        "parameters": {key: list(value.shape) for key, value in parameters.items()},
        "inputs": {"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist()},
        "hidden_states": [encoders.dense(state) for state in output.hidden_states],
        "asked": {"ids": ASKED, "logits": encoders.dense(asked)},
    }
    if head == "SequenceClassification":
        result["logits"] = encoders.dense(output.logits)
    # Through the table that is both embeddings and head.
    if name == "gemma2":
        asked.sum().backward()
        of = dict(causal.named_parameters())
        result["gradients_of_asked_sum"] = {key: encoders.dense(of[key].grad) for key in GRADIENTS}
    name_of = "gradients_of_logits_sum" if head == "SequenceClassification" else "gradients_of_asked_sum"
    return model, result | {name_of: {key: encoders.dense(parameters[key].grad) for key in wanted}}


def older(config):
    """As transformers 4 states theta and scaling."""
    rope = config.pop("rope_parameters")
    theta = rope.pop("rope_theta")
    return config | {"rope_theta": theta, "rope_scaling": {"type": rope["rope_type"], "factor": rope["factor"]}}


# What becomes of config.json after transformers has written it.
REWRITTEN = {"llama-causal": older}


def main():
    for index, (name, (class_name, fields)) in enumerate(CASES.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        model, result = golden(name, class_name, fields, SEED + 10 * index)
        folder = encoders.FIXTURES / name
        folder.mkdir(parents=True, exist_ok=True)
        model.save_pretrained(folder)
        for unwanted in folder.glob("generation_config.json"):
            unwanted.unlink()
        if name in REWRITTEN:
            file = folder / "config.json"
            rewritten = REWRITTEN[name](json.loads(file.read_text()))
            file.write_text(json.dumps(rewritten, indent=2, sort_keys=True) + "\n")
        encoders.write(folder / "golden.json", result)
        print(name, {file.name: file.stat().st_size for file in sorted(folder.iterdir())})


if __name__ == "__main__":
    main()
