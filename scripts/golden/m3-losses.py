"""The losses of FlagEmbedding's embedders with a teacher, and of M3's unified fine-tuning, as PyTorch computes them.

Writes packages/losses/src/fixtures/m3-losses.json: score matrices of three kinds of vectors and, for each loss, its value and
its gradient by the scores. The formulas are those of FlagEmbedding 1.3 (abc/finetune/embedder/AbsModeling.py, `distill_loss`
and `_compute_in_batch_neg_loss`; finetune/embedder/encoder_only/m3/modeling.py, `forward`), written anew over score matrices in
float64; every query has one positive and `group - 1` negatives, its columns side by side, and meets all columns of the batch.
Run: python scripts/golden/m3-losses.py   (torch 2.13.0; the fixture's header says which)
"""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import torch.nn.functional as F

FIXTURE = Path(__file__).resolve().parents[2] / "packages/losses/src/fixtures/m3-losses.json"
SEED = 20261121
QUERIES, GROUP = 3, 4
generator = torch.Generator().manual_seed(SEED)


def drawn(*shape, scale=1.0):
    values = (torch.rand(shape, generator=generator) * 2 - 1) * scale
    return values.float().double()


SCORES = {
    "dense": drawn(QUERIES, QUERIES * GROUP),
    "sparse": drawn(QUERIES, QUERIES * GROUP, scale=0.5).abs(),
    "colbert": drawn(QUERIES, QUERIES * GROUP),
}
TEACHER = drawn(QUERIES, GROUP, scale=3)
OWN = torch.arange(QUERIES) * GROUP


def own_columns(scores):
    return torch.stack([row[start : start + GROUP] for row, start in zip(scores, OWN.tolist())])


def hard(scores):
    return F.cross_entropy(scores, OWN)


def soft(scores, targets):
    return -(torch.log_softmax(scores, -1) * targets).sum(-1).mean()


def in_turn(scores, targets):
    """Each own passage in its turn against the whole batch without the earlier ones."""
    total = 0
    for i in range(GROUP):
        kept = scores.clone()
        for row, start in enumerate(OWN.tolist()):
            kept[row, start : start + i] = -torch.inf
        total = total + (targets[:, i] * F.cross_entropy(kept, OWN + i, reduction="none")).mean()
    return total


def loss_of(kind):
    targets = torch.softmax(TEACHER, -1)
    if kind == "kl_div":
        return lambda scores: soft(own_columns(scores), targets) + hard(scores)
    if kind == "m3_kd_loss":
        return lambda scores: in_turn(scores, targets)
    return hard


def unified(kind, self_distill):
    def loss(dense, sparse, colbert):
        one = loss_of(kind)
        ensemble = dense + 0.3 * sparse + colbert
        total = (one(dense) + one(ensemble) + 0.1 * one(sparse) + one(colbert)) / 4
        if self_distill:
            teacher = torch.softmax(ensemble.detach(), -1)
            taught = (soft(dense, teacher) + 0.1 * soft(sparse, teacher) + soft(colbert, teacher)) / 3
            total = (total + taught) / 2
        return total

    return loss


def golden(loss, names, temperature):
    given = [SCORES[name].clone().requires_grad_(True) for name in names]
    value = loss(*(scores / temperature for scores in given))
    value.backward()
    return {
        "temperature": temperature,
        "loss": float(f"{float(value):.12g}"),
        "gradients": {name: [float(f"{x:.9g}") for x in scores.grad.flatten().tolist()] for name, scores in zip(names, given)},
    }


losses = {}
for temperature in (0.02, 1.0):
    for kind in ("kl_div", "m3_kd_loss"):
        losses[f"{kind} {temperature}"] = golden(loss_of(kind), ["dense"], temperature)
    for kind in ("none", "kl_div", "m3_kd_loss"):
        for self_distill in (False, True):
            name = f"unified {kind}{' self-distilled' if self_distill else ''} {temperature}"
            losses[name] = golden(unified(kind, self_distill), list(SCORES), temperature)

result = {
    "script": "scripts/golden/m3-losses.py",
    "torch": torch.__version__,
    "seed": SEED,
    "queries": QUERIES,
    "group": GROUP,
    "teacher": TEACHER.flatten().tolist(),
    "scores": {name: scores.flatten().tolist() for name, scores in SCORES.items()},
    "losses": losses,
}
lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in result.items() if key != "losses")
entries = ",\n".join(f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in losses.items())
FIXTURE.write_text("{\n" + lines + ',\n"losses":{\n' + entries + "\n}\n}\n")
print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")
for name, entry in losses.items():
    print(name, entry["loss"])
