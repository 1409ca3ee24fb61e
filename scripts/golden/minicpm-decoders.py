"""Tiny random checkpoints of MiniCPM and of its layer-wise reranker, and what they compute.

transformers 5 has no class of MiniCPM: its published modeling (openbmb/MiniCPM-2B-sft-bf16, BAAI/bge-reranker-v2-minicpm-layerwise) is
written anew here, in this script's own words.
Writes packages/models/src/fixtures/<name>/{config.json, model.safetensors, golden.json}, one folder per case below.
Run: python scripts/golden/minicpm-decoders.py [name …]   (torch 2.13.0; the numbers' header says which)
"""

import importlib.util
import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("encoders", HERE / "transformers-encoders.py")
encoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(encoders)

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

SEED = 20261124
SMALL = dict(
    model_type="minicpm",
    vocab_size=60,
    hidden_size=16,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=24,
    max_position_embeddings=24,
    initializer_range=encoders.SPREAD,
    rms_norm_eps=1e-5,
    hidden_act="silu",
    attention_dropout=0.0,
    pad_token_id=0,
    rope_theta=300.0,
    rope_scaling=None,
    scale_emb=3,
    scale_depth=1.4,
    dim_model_base=4,
    tie_word_embeddings=True,
)
CASES = {
    "minicpm": dict(SMALL, architectures=["MiniCPMForSequenceClassification"], id2label={"0": "LABEL_0"}),
    # Heads behind one, two and three layers.
    "minicpm_layerwise": dict(
        SMALL,
        architectures=["LayerWiseMiniCPMForCausalLM"],
        auto_map={"AutoModelForCausalLM": "modeling_minicpm_reranker.LayerWiseMiniCPMForCausalLM"},
        start_layer=1,
        head_multi=True,
        head_type="simple",
    ),
}
ASKED = [7, 58]


def shapes(config):
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    width = hidden // config["num_attention_heads"]
    keys = width * config["num_key_value_heads"]
    result = {"model.embed_tokens.weight": [config["vocab_size"], hidden]}
    for i in range(config["num_hidden_layers"]):
        layer = {
            "self_attn.q_proj": [hidden, hidden],
            "self_attn.k_proj": [keys, hidden],
            "self_attn.v_proj": [keys, hidden],
            "self_attn.o_proj": [hidden, hidden],
            "mlp.gate_proj": [wide, hidden],
            "mlp.up_proj": [wide, hidden],
            "mlp.down_proj": [hidden, wide],
            "input_layernorm": [hidden],
            "post_attention_layernorm": [hidden],
        }
        result |= {f"model.layers.{i}.{name}.weight": shape for name, shape in layer.items()}
    result["model.norm.weight"] = [hidden]
    if "start_layer" not in config:
        return result | {"score.weight": [1, hidden]}
    heads = config["num_hidden_layers"] + 1 - config["start_layer"]
    return result | {f"lm_head.{i}.linear_head.weight": [1, hidden] for i in range(heads)}


def random_tensors(named, seed):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in named.items():
        tensors[name] = torch.randn(shape, generator=generator) * encoders.SPREAD
        if name.endswith("norm.weight"):
            tensors[name] += 1
        tensors[name].requires_grad_()
    return tensors


def norm(x, weight, epsilon):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * weight


def turned(x, theta):
    """x [batch, heads, seq, width], by its places."""
    width = x.shape[-1]
    angles = torch.outer(
        torch.arange(x.shape[-2]).float(), 1 / theta ** (torch.arange(0, width, 2).float() / width)
    )
    cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


def states(config, tensors, ids, mask):
    """The hidden states before the final norm: of the embeddings and of each layer."""
    epsilon, heads, groups = (config[key] for key in ("rms_norm_eps", "num_attention_heads", "num_key_value_heads"))
    batch, length = ids.shape
    width = config["hidden_size"] // heads
    scale = config["scale_depth"] / math.sqrt(config["num_hidden_layers"])
    seen = torch.ones(length, length).tril().bool() & mask.bool()[:, None, None, :]
    bias = torch.where(seen, 0.0, torch.finfo(torch.float32).min)
    x = tensors["model.embed_tokens.weight"][ids] * config["scale_emb"]
    result = [x]
    for i in range(config["num_hidden_layers"]):
        weight = lambda name: tensors[f"model.layers.{i}.{name}.weight"]
        y = norm(x, weight("input_layernorm"), epsilon)

        def project(name, count):
            return F.linear(y, weight(f"self_attn.{name}_proj")).view(batch, length, count, width).transpose(1, 2)

        query, key = turned(project("q", heads), config["rope_theta"]), turned(project("k", groups), config["rope_theta"])
        key, value = (part.repeat_interleave(heads // groups, 1) for part in (key, project("v", groups)))
        weights = (query @ key.transpose(-1, -2) / math.sqrt(width) + bias).softmax(-1)
        context = (weights @ value).transpose(1, 2).reshape(batch, length, -1)
        x = x + F.linear(context, weight("self_attn.o_proj")) * scale
        y = norm(x, weight("post_attention_layernorm"), epsilon)
        gated = F.silu(F.linear(y, weight("mlp.gate_proj"))) * F.linear(y, weight("mlp.up_proj"))
        x = x + F.linear(gated, weight("mlp.down_proj")) * scale
        result.append(x)
    return result


class Batch:
    pad_token_id = SMALL["pad_token_id"]
    vocab_size = SMALL["vocab_size"]


def golden(config, seed):
    tensors = random_tensors(shapes(config), seed)
    ids, mask, types = encoders.batch(Batch, seed)
    raw = states(config, tensors, ids, mask)
    normed = [norm(state, tensors["model.norm.weight"], config["rms_norm_eps"]) for state in raw]
    rows = torch.arange(len(ids)), mask.sum(-1) - 1
    result = {
        "script": "scripts/golden/minicpm-decoders.py",
        "torch": torch.__version__,
        "seed": seed,
        "class": config["architectures"][0],
        "mode": "eval, float32",
        "parameters": shapes(config),
        "inputs": {"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist()},
        "hidden_states": [encoders.dense(state) for state in [*raw[:-1], normed[-1]]],
    }
    wanted = [
        "model.embed_tokens.weight",
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.1.mlp.gate_proj.weight",
        "model.layers.1.input_layernorm.weight",
    ]
    if "start_layer" not in config:
        logits = F.linear(normed[-1][rows], tensors["score.weight"])
        scaled = normed[-1][rows] / (config["hidden_size"] / config["dim_model_base"])
        asked = F.linear(scaled, tensors["model.embed_tokens.weight"])[:, ASKED]
        logits.sum().backward()
        found = {"logits": encoders.dense(logits), "asked": {"ids": ASKED, "logits": encoders.dense(asked)}}
        name, wanted = "gradients_of_logits_sum", [*wanted, "score.weight"]
    else:
        start = config["start_layer"]
        layers = list(range(start, config["num_hidden_layers"] + 1))
        scores = [F.linear(normed[n][rows], tensors[f"lm_head.{n - start}.linear_head.weight"]) for n in layers]
        scores = torch.cat(scores, -1)
        scores.sum().backward()
        found = {"layer_scores": {"layers": layers, "scores": encoders.dense(scores)}}
        name, wanted = "gradients_of_scores_sum", [*wanted, "lm_head.1.linear_head.weight"]
    return tensors, result | found | {name: {key: encoders.dense(tensors[key].grad) for key in wanted}}


def main():
    for index, (name, config) in enumerate(CASES.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        tensors, result = golden(config, SEED + 10 * index)
        folder = encoders.FIXTURES / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
        plain = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
        save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
        encoders.write(folder / "golden.json", result)
        print(name, {file.name: file.stat().st_size for file in sorted(folder.iterdir())})


if __name__ == "__main__":
    main()
