"""A small post-norm transformer with a token classifier: parameters, batch, loss and every gradient by torch's autograd.

Writes packages/onnx/src/grad/fixtures/composed-network.json; its header names this script, the versions and the seed.
Parameters are float32 numbers; the loss and the gradients are computed from them in float64.
Run: python scripts/golden/composed-network.py   (torch 2.13.0)
"""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import torch.nn.functional as F

FIXTURE = Path(__file__).resolve().parents[2] / "packages/onnx/src/grad/fixtures/composed-network.json"
SEED = 20261121
VOCABULARY, POSITIONS, HIDDEN, HEADS, INTERMEDIATE, CLASSES, EPSILON = 11, 6, 8, 2, 12, 4, 1e-5

SHAPES = {
    "word_embeddings.weight": [VOCABULARY, HIDDEN],
    "position_embeddings.weight": [POSITIONS, HIDDEN],
    "embeddings.LayerNorm.weight": [HIDDEN],
    "embeddings.LayerNorm.bias": [HIDDEN],
    "query.weight": [HIDDEN, HIDDEN],
    "query.bias": [HIDDEN],
    "key.weight": [HIDDEN, HIDDEN],
    "key.bias": [HIDDEN],
    "value.weight": [HIDDEN, HIDDEN],
    "value.bias": [HIDDEN],
    "attention.output.weight": [HIDDEN, HIDDEN],
    "attention.output.bias": [HIDDEN],
    "attention.LayerNorm.weight": [HIDDEN],
    "attention.LayerNorm.bias": [HIDDEN],
    "intermediate.weight": [INTERMEDIATE, HIDDEN],
    "intermediate.bias": [INTERMEDIATE],
    "output.weight": [HIDDEN, INTERMEDIATE],
    "output.bias": [HIDDEN],
    "output.LayerNorm.weight": [HIDDEN],
    "output.LayerNorm.bias": [HIDDEN],
    "classifier.weight": [CLASSES, HIDDEN],
    "classifier.bias": [CLASSES],
}

# Repeated ids, and a second row that ends in padding (id 0, mask 0).
INPUT_IDS = [[3, 7, 3, 1, 10], [5, 3, 9, 0, 0]]
ATTENTION_MASK = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
LABELS = [[0, 2, 1, 3, 2], [1, 1, 0, 0, 0]]


def loss_of(p, ids, mask, labels):
    batch, seq = ids.shape
    norm = lambda x, name: F.layer_norm(x, [HIDDEN], p[f"{name}.weight"], p[f"{name}.bias"], EPSILON)
    linear = lambda x, name: F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])
    heads = lambda x: x.view(batch, seq, HEADS, HIDDEN // HEADS).transpose(1, 2)

    x = F.embedding(ids, p["word_embeddings.weight"]) + F.embedding(
        torch.arange(seq).expand(batch, seq), p["position_embeddings.weight"]
    )
    x = norm(x, "embeddings.LayerNorm")
    query, key, value = (heads(linear(x, name)) for name in ("query", "key", "value"))
    scores = query @ key.transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5
    scores = scores.masked_fill(mask[:, None, None, :] == 0, -1e30)
    context = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, seq, HIDDEN)
    x = norm(x + linear(context, "attention.output"), "attention.LayerNorm")
    x = norm(x + linear(F.gelu(linear(x, "intermediate")), "output"), "output.LayerNorm")
    return F.cross_entropy(linear(x, "classifier")[mask == 1], labels[mask == 1])


def main():
    generator = torch.Generator().manual_seed(SEED)
    parameters = {}
    for name, shape in SHAPES.items():
        around = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        drawn = around + 0.5 * torch.randn(shape, generator=generator, dtype=torch.float32)
        parameters[name] = drawn.to(torch.float64).requires_grad_()
    loss = loss_of(parameters, torch.tensor(INPUT_IDS), torch.tensor(ATTENTION_MASK), torch.tensor(LABELS))
    loss.backward()
    numbers = lambda t: [float(f"{x:.9g}") for x in t.flatten().tolist()]
    fixture = {
        "header": {
            "script": "scripts/golden/composed-network.py",
            "torch": torch.__version__,
            "seed": SEED,
            "precision": "float32 parameters, float64 loss and gradients",
        },
        "config": {"heads": HEADS, "epsilon": EPSILON},
        "inputs": {"input_ids": INPUT_IDS, "attention_mask": ATTENTION_MASK, "labels": LABELS},
        "loss": loss.item(),
        "parameters": {
            name: {"shape": SHAPES[name], "data": numbers(p.detach()), "gradient": numbers(p.grad)}
            for name, p in parameters.items()
        },
    }
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


main()
