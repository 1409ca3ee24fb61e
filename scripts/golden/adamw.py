"""Writes packages/runtime/src/training/fixtures/adamw.json: AdamW steps of torch 2.13.0 (CPU, float32), seed 7.

Two groups (decay 0.1 and none), a rate that changes by step, gradients clipped to a global norm of 1 by
torch.nn.utils.clip_grad_norm_; parameters after every step. `mode1` holds the same run under the Hugging Face
variant (ORT's adam_mode 1) computed here in float64 from its formula, since torch has no such optimizer.
Run: python scripts/golden/adamw.py
"""

import json
from pathlib import Path

import torch

SEED, STEPS, MAX_NORM = 7, 10, 1.0
BETAS, EPSILON, DECAYS = (0.9, 0.999), 1e-8, [0.1, 0.0]
HERE = Path(__file__).resolve().parents[2] / "packages/runtime/src/training/fixtures/adamw.json"

torch.manual_seed(SEED)
initial = [torch.randn(5, 7), torch.randn(11)]
rates = [1e-2 * (1 - step / 20) for step in range(STEPS)]
# Every third step's gradients are small enough to stay unclipped.
gradients = [[torch.randn_like(p) * (0.05 if step % 3 == 0 else 2.0) for p in initial] for step in range(STEPS)]


def flat(tensors):
    return [t.flatten().tolist() for t in tensors]


def mode0():
    parameters = [torch.nn.Parameter(p.clone()) for p in initial]
    optimizer = torch.optim.AdamW(
        [{"params": [p], "weight_decay": decay} for p, decay in zip(parameters, DECAYS)],
        betas=BETAS, eps=EPSILON, foreach=False, fused=False,
    )
    norms, states = [], []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rates[step]
        for p, g in zip(parameters, gradients[step]):
            p.grad = g.clone()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, MAX_NORM).item())
        optimizer.step()
        states.append(flat([p.detach() for p in parameters]))
    moments = [flat([optimizer.state[p][key] for p in parameters]) for key in ("exp_avg", "exp_avg_sq")]
    return norms, states, moments


def mode1(norms):
    states = []
    ws = [p.double() for p in initial]
    ms, vs = [torch.zeros_like(w) for w in ws], [torch.zeros_like(w) for w in ws]
    for step in range(STEPS):
        clip = min(1.0, MAX_NORM / (norms[step] + 1e-6))
        lr = rates[step]
        for i, (w, m, v) in enumerate(zip(ws, ms, vs)):
            g = gradients[step][i].double() * clip
            m.mul_(BETAS[0]).add_(g * (1 - BETAS[0]))
            v.mul_(BETAS[1]).add_(g * g * (1 - BETAS[1]))
            corrected = lr * (1 - BETAS[1] ** (step + 1)) ** 0.5 / (1 - BETAS[0] ** (step + 1))
            w.sub_(corrected * m / (v.sqrt() + EPSILON))
            w.sub_(lr * DECAYS[i] * w)
        states.append(flat(ws))
    return states


norms, states, moments = mode0()
HERE.parent.mkdir(parents=True, exist_ok=True)
HERE.write_text(json.dumps({
    "header": {"script": "scripts/golden/adamw.py", "torch": torch.__version__, "seed": SEED},
    "betas": BETAS, "epsilon": EPSILON, "decays": DECAYS, "maxNorm": MAX_NORM, "rates": rates,
    "initial": flat(initial), "gradients": [flat(g) for g in gradients],
    "norms": norms, "mode0": states, "moments": moments, "mode1": mode1(norms),
}) + "\n")
