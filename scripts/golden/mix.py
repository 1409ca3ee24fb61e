"""Linear mixes of three small state dicts.

Writes packages/models/src/mix/fixtures/{first,second,third}.safetensors and, for the weights in their metadata,
exact.safetensors (numpy, the sum in float64 rounded to float32 once) and steps.safetensors (torch, the way LM-Cocktail's
merge_param goes: in float32, model after model; whole numbers of the last model). The metadata of every file names script,
versions and seed. Semantics: FlagOpen/FlagEmbedding, research/LM_Cocktail, 7ed43d6.
Run: python scripts/golden/mix.py   (torch 2.13.0, numpy, safetensors; the metadata says which)
"""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import numpy as np
import safetensors
import safetensors.torch
import torch

FIXTURES = Path(__file__).resolve().parents[2] / "packages/models/src/mix/fixtures"
FIXTURES.mkdir(exist_ok=True)
SEED = 20261121
WEIGHTS = [0.55, 0.3, 0.15]
torch.manual_seed(SEED)
HEADER = {
    "script": "scripts/golden/mix.py",
    "torch": torch.__version__,
    "numpy": np.__version__,
    "safetensors": safetensors.__version__,
    "seed": str(SEED),
    "weights": json.dumps(WEIGHTS),
}


def state(index):
    return {
        "encoder.layer.0.weight": torch.randn(7, 5) * 10.0 ** torch.randint(-6, 3, (7, 5)).float(),
        "encoder.layer.0.bias": torch.randn(5).half(),
        "encoder.layer.1.weight": torch.randn(5, 3).bfloat16(),
        "encoder.layer.1.bias": torch.randn(3).half() if index == 1 else torch.randn(3),
        "embeddings.position_ids": torch.arange(6).reshape(1, 6),
    }


models = [state(index) for index in range(3)]
for name, model in zip(["first", "second", "third"], models):
    safetensors.torch.save_file(model, FIXTURES / f"{name}.safetensors", metadata=HEADER)

exact, steps = {}, {}
for name in models[0]:
    parts = [model[name] for model in models]
    if parts[0].dtype == torch.int64:
        exact[name] = steps[name] = parts[-1]
        continue
    total = sum(w * part.double().numpy() for w, part in zip(WEIGHTS, parts))
    exact[name] = torch.from_numpy(total.astype(np.float32))
    # transformers loads checkpoints of any dtype as float32 unless it is told otherwise.
    merged = WEIGHTS[0] * parts[0].float()
    for w, part in zip(WEIGHTS[1:], parts[1:]):
        merged += w * part.float()
    steps[name] = merged
safetensors.torch.save_file(exact, FIXTURES / "exact.safetensors", metadata=HEADER)
safetensors.torch.save_file(steps, FIXTURES / "steps.safetensors", metadata=HEADER)
