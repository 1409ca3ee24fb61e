"""Writes packages/onnx/src/pass/fixtures/mixed-precision.json: loss and gradients of a small encoder layer under torch's
bfloat16 autocast on the CPU, and in float32.

torch 2.13.0+cpu, seed 5. Run: python scripts/golden/mixed-precision.py
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

SEED = 5
ROWS, HIDDEN, WIDE = 12, 8, 16

torch.manual_seed(SEED)
shapes = {
    "query": (HIDDEN, HIDDEN),
    "key": (HIDDEN, HIDDEN),
    "value": (HIDDEN, HIDDEN),
    "up": (WIDE, HIDDEN),
    "up.bias": (WIDE,),
    "down": (HIDDEN, WIDE),
    "scale": (HIDDEN,),
    "shift": (HIDDEN,),
    "head": (3, HIDDEN),
}
parameters = {name: (torch.randn(shape) * 0.4).requires_grad_() for name, shape in shapes.items()}
x = torch.randn(ROWS, HIDDEN)
target = torch.randn(ROWS, 3)


def loss_of(p: dict[str, torch.Tensor]) -> torch.Tensor:
    q, k, v = (F.linear(x, p[name]) for name in ("query", "key", "value"))
    probabilities = F.softmax(q @ k.T / HIDDEN**0.5, dim=-1)
    attended = x + probabilities @ v
    normed = F.layer_norm(attended, (HIDDEN,), p["scale"], p["shift"], 1e-5)
    hidden = F.gelu(F.linear(normed, p["up"], p["up.bias"]))
    output = F.linear(normed + F.linear(hidden, p["down"]), p["head"])
    return ((output.float() - target) ** 2).sum()


def run(enabled: bool) -> dict:
    for parameter in parameters.values():
        parameter.grad = None
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
        loss = loss_of(parameters)
    loss.backward()
    return {"loss": loss.item(), "gradients": {name: p.grad.flatten().tolist() for name, p in parameters.items()}}


fixture = {
    "about": f"scripts/golden/mixed-precision.py, torch {torch.__version__}, seed {SEED}",
    "x": x.flatten().tolist(),
    "target": target.flatten().tolist(),
    "parameters": {name: {"shape": list(p.shape), "data": p.detach().flatten().tolist()} for name, p in parameters.items()},
    "bfloat16": run(True),
    "float32": run(False),
}


def shortened(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    return value


path = Path(__file__).parents[2] / "packages/onnx/src/pass/fixtures/mixed-precision.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(shortened(fixture)) + "\n")
