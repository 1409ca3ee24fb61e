"""Ranking losses as PyTorch computes them, with their gradients by the logits.

Writes packages/losses/src/fixtures/losses.json: cases (inputs), and for each loss the sum, the weight and the gradient
of every case. Inputs are float32 numbers; the losses are computed from them in float64, group by group in plain loops,
so that masks, ties and empty groups are handled by leaving documents out, not by arithmetic.
Run: python scripts/golden/losses.py   (torch 2.13.0; the fixture's header says which)
"""

import json
import math
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import torch.nn.functional as F

FIXTURE = Path(__file__).resolve().parents[2] / "packages/losses/src/fixtures/losses.json"
SEED = 20261121
generator = torch.Generator().manual_seed(SEED)


def normal(*shape, scale=1.0):
    return (torch.randn(shape, generator=generator) * scale).tolist()


def uniform(*shape):
    return torch.rand(shape, generator=generator).tolist()


def grades(*shape, high):
    return torch.randint(0, high + 1, shape, generator=generator).float().tolist()


POINTWISE = {
    "hard labels": dict(logits=normal(7, scale=2), labels=[1, 0, 0, 1, 0, 1, 0]),
    "soft labels": dict(logits=normal(6, scale=2), labels=uniform(6)),
    "masked filler": dict(logits=normal(5, scale=2), labels=[1, 0, 0.25, 1, 0], row_weight=[1, 0, 1, 1, 0]),
    "unequal row weights": dict(logits=normal(4), labels=[1, 0, 1, 0], row_weight=[0.5, 2, 1, 0]),
    "extreme logits": dict(logits=[100, -100, 100, -100, 0.5, -0.5], labels=[1, 0, 0, 1, 1, 0]),
    "confident and right": dict(logits=[9, 12, -8, -14], labels=[1, 1, 0, 0]),
    "one row": dict(logits=[0.3], labels=[1]),
    "all masked": dict(logits=normal(3), labels=[1, 0, 1], row_weight=[0, 0, 0]),
}

GROUP = {
    "positive first": dict(
        logits=normal(4, 5, scale=2), labels=[[1, 0, 0, 0, 0]] * 4, mask=[[1] * 5] * 4, teacher_scores=normal(4, 5, scale=3)
    ),
    "graded labels, ragged groups": dict(
        logits=normal(5, 6, scale=1.5),
        labels=grades(5, 6, high=3),
        mask=[[1] * 6, [1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0], [0, 1, 0, 1, 1, 1], [1, 1, 1, 1, 1, 0]],
        teacher_scores=normal(5, 6, scale=2),
    ),
    "several positives, soft labels": dict(
        logits=normal(3, 5), labels=uniform(3, 5), mask=[[1] * 5, [1] * 5, [1, 1, 1, 0, 0]], teacher_scores=uniform(3, 5)
    ),
    "extreme logits": dict(
        logits=[[100, -100, 100, -100, 0, 3], [-100, 100, 99, 98, -99, 0], [1, 2, -1, 0.5, 0, 0]],
        labels=[[1, 0, 0, 1, 0, 2], [1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]],
        mask=[[1] * 6, [1] * 6, [1, 1, 1, 1, 0, 0]],
        teacher_scores=[[100, -100, -100, 100, 0, 50], [100, 0, 0, 0, 0, 0], [2, 4, -2, 1, 0, 0]],
    ),
    "tied logits, tied labels, tied teacher": dict(
        logits=[[0.5] * 4, [1, 1, -1, -1], [0.25, 0.25, 0.25, 2]],
        labels=[[1, 0, 0, 1], [2, 0, 2, 1], [1, 1, 1, 1]],
        mask=[[1] * 4] * 3,
        teacher_scores=[[1.0] * 4, [3, 1, 1, 0], [0, 0, 0, 0]],
    ),
    "all-zero labels beside others": dict(
        logits=normal(3, 4), labels=[[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], mask=[[1] * 4] * 3, teacher_scores=normal(3, 4)
    ),
    "single documents and empty groups beside others": dict(
        logits=normal(5, 3),
        labels=[[1, 0, 0], [0, 1, 0], [1, 0, 2], [0, 0, 0], [1, 0, 0]],
        mask=[[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0], [1, 0, 1]],
        teacher_scores=normal(5, 3),
    ),
    "minus the rank as labels": dict(
        logits=normal(2, 5), labels=[[-1, -2, -3, -4, -5], [-3, -1, -2, -5, -4]], mask=[[1] * 5] * 2, teacher_scores=normal(2, 5)
    ),
    "the whole batch as one group": dict(
        logits=normal(1, 9, scale=2), labels=grades(1, 9, high=2), mask=[[1] * 9], teacher_scores=normal(1, 9)
    ),
    "high grades": dict(
        logits=normal(2, 4), labels=[[30, 3, 0, 12], [20, 19, 18, 1]], mask=[[1] * 4] * 2, teacher_scores=normal(2, 4, scale=9)
    ),
    "nothing to learn": dict(
        logits=normal(3, 3), labels=[[0, 0, 0], [1, 0, 0], [1, 1, 1]], mask=[[0, 0, 0], [1, 0, 0], [0, 0, 1]], teacher_scores=normal(3, 3)
    ),
    "one label throughout": dict(
        logits=normal(2, 4), labels=[[1] * 4, [0] * 4], mask=[[1] * 4] * 2, teacher_scores=normal(2, 4)
    ),
}


def by_row(criterion):
    def loss(case):
        weight = case.get("row_weight", torch.ones_like(case["labels"]))
        rows = [
            (w * criterion(z, y), w)
            for z, y, w in zip(case["logits"], case["labels"], weight)
            if w > 0
        ]
        return [row for row, _ in rows], sum(float(w) for _, w in rows)

    return loss


def by_group(criterion):
    """criterion(z, y, u) of the real documents of a group returns (terms, weight)."""

    def loss(case):
        terms, weight = [], 0
        for z, y, u, m in zip(case["logits"], case["labels"], case["teacher_scores"], case["mask"]):
            real = m.bool()
            if real.sum() < 2:
                continue
            group_terms, group_weight = criterion(z[real], y[real], u[real])
            terms += group_terms
            weight += group_weight
        return terms, float(weight)

    return loss


def better_pairs(y):
    return [(i, j) for i in range(len(y)) for j in range(len(y)) if y[i] > y[j]]


def group_softmax(distil):
    def criterion(z, y, u):
        share = y.clamp(min=0)
        if share.sum() == 0:
            return [], 0
        loss = F.cross_entropy(z, share / share.sum())
        if distil:
            loss = loss + F.cross_entropy(z, torch.softmax(u, 0))
        return [loss], 1

    return criterion


def listwise(z, y, u):
    judged = (y != 0).nonzero().flatten()
    if len(judged) == 0:
        return [], 0
    target = torch.zeros_like(y)
    target[judged] = torch.softmax(y[judged], 0)
    return [F.cross_entropy(z, target)], 1


def rank_net(z, y, u):
    pairs = better_pairs(y)
    return [(y[i] - y[j]) * torch.log1p(torch.exp(z[j] - z[i])) for i, j in pairs], len(pairs)


def margin_mse(z, y, u):
    pairs = better_pairs(y)
    return [F.mse_loss(z[i] - z[j], u[i] - u[j]) for i, j in pairs], len(pairs)


def kl(temperature):
    def criterion(z, y, u):
        student = torch.log_softmax(z / temperature, 0)
        teacher = torch.log_softmax(u / temperature, 0)
        return [F.kl_div(student, teacher, reduction="sum", log_target=True) * temperature**2], 1

    return criterion


def lambda_loss(k=None, mu=10.0, sigma=1.0):
    def criterion(z, y, u):
        y = y.clamp(min=0)
        pairs = better_pairs(y)
        if not pairs:
            return [], 0
        size = len(y)
        order = sorted(range(size), key=lambda d: (-z[d].item(), d))
        rank = {document: place for place, document in enumerate(order, start=1)}
        discount = lambda place: math.log2(1 + place)
        gain = [2.0 ** label.item() - 1 for label in y]
        ideal = sum(g / discount(place) for place, g in enumerate(sorted(gain, reverse=True)[:k], start=1))
        terms = []
        for i, j in pairs:
            if k is not None and rank[i] > k and rank[j] > k:
                continue
            apart = abs(rank[i] - rank[j])
            rho = abs(1 / discount(rank[i]) - 1 / discount(rank[j]))
            delta = abs(1 / discount(apart) - 1 / discount(apart + 1))
            weight = (rho + mu * delta) * abs(gain[i] - gain[j]) / ideal
            terms.append(weight * -F.logsigmoid(sigma * (z[i] - z[j])) / math.log(2))
        return terms, 1

    return criterion


LOSSES = {
    "pointwise": {
        "binaryCrossEntropy": by_row(lambda z, y: F.binary_cross_entropy_with_logits(z, y)),
        "meanSquaredError": by_row(lambda z, y: F.mse_loss(torch.sigmoid(z), y)),
    },
    "group": {
        "groupSoftmax": by_group(group_softmax(distil=False)),
        "groupSoftmax with teacher": by_group(group_softmax(distil=True)),
        "listwiseCrossEntropy": by_group(listwise),
        "rankNet": by_group(rank_net),
        "klDivergence": by_group(kl(1.0)),
        "klDivergence temperature 2.5": by_group(kl(2.5)),
        "marginMse": by_group(margin_mse),
        "lambdaLoss": by_group(lambda_loss()),
        "lambdaLoss k 2": by_group(lambda_loss(k=2)),
        "lambdaLoss mu 0 sigma 2": by_group(lambda_loss(mu=0.0, sigma=2.0)),
    },
}


def number(value):
    return float(f"{value:.9g}")


def rounded(values):
    """float32 as the graph gets it."""
    return torch.tensor(values, dtype=torch.float32)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [number(x) for x in tensor.flatten().tolist()]}


def golden(loss, case):
    inputs = {name: value.double() for name, value in case.items()}
    inputs["logits"].requires_grad_(True)
    terms, weight = loss(inputs)
    total = sum(terms, torch.zeros((), dtype=torch.float64)) + 0 * inputs["logits"].sum()
    total.backward()
    gradient = inputs["logits"].grad
    assert math.isfinite(total.item()) and torch.isfinite(gradient).all()
    return {"sum": float(f"{total.item():.12g}"), "weight": weight, "gradient": listed(gradient)["data"]}


cases = {
    kind: {name: {key: rounded(value) for key, value in case.items()} for name, case in named.items()}
    for kind, named in (("pointwise", POINTWISE), ("group", GROUP))
}
result = {
    "script": "scripts/golden/losses.py",
    "torch": torch.__version__,
    "seed": SEED,
    "cases": {
        kind: {name: {key: listed(value) for key, value in case.items()} for name, case in named.items()}
        for kind, named in cases.items()
    },
    "losses": {
        name: {case: golden(loss, inputs) for case, inputs in cases[kind].items()}
        for kind, losses in LOSSES.items()
        for name, loss in losses.items()
    },
}


def text(value, depth):
    """One line per case: small, and a change shows where it is."""
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return "{\n" + ",\n".join(f"{json.dumps(key)}:{text(item, depth - 1)}" for key, item in value.items()) + "\n}"


FIXTURE.parent.mkdir(parents=True, exist_ok=True)
FIXTURE.write_text(text(result, 3) + "\n")
print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")
for name, entries in result["losses"].items():
    print(name, {case: (entry["sum"], entry["weight"]) for case, entry in entries.items()})
