"""Losses over a whole batch as PyTorch computes them, with their gradients.

Writes packages/losses/src/fixtures/batch-losses.json: cases (inputs), and for each loss the sum, the weight and the
gradient by each differentiated input of every case. Inputs are float32 numbers; the losses are computed from them in
float64, and plainly: what is masked is left out, a row of weight 2 stands there twice, pairs of pairs are listed.
Run: python scripts/golden/batch-losses.py   (torch 2.13.0; the fixture's header says which)
"""

import json
import math
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import torch.nn.functional as F

FIXTURE = Path(__file__).resolve().parents[2] / "packages/losses/src/fixtures/batch-losses.json"
SEED = 20261122
generator = torch.Generator().manual_seed(SEED)


def normal(*shape, scale=1.0):
    return (torch.randn(shape, generator=generator) * scale).tolist()


def cosines(*shape):
    return (torch.rand(shape, generator=generator) * 2 - 1).tolist()


def uniform(*shape):
    return torch.rand(shape, generator=generator).tolist()


# Columns: the positives of three queries, then two negatives of each.
TRIPLETS = [[1 if column == row or column >= 3 else 0 for column in range(9)] for row in range(3)]

IN_BATCH = {
    "pairs": dict(scores=cosines(4, 4), target=[0, 1, 2, 3], mask=[[1] * 4] * 4),
    "own positive and all negatives": dict(scores=cosines(3, 9), target=[0, 1, 2], mask=TRIPLETS),
    "others' positives too": dict(scores=cosines(3, 9), target=[0, 1, 2], mask=[[1] * 9] * 3),
    "a masked target": dict(scores=cosines(3, 5), target=[4, 0, 2], mask=[[1, 1, 0, 1, 0], [0, 0, 1, 0, 1], [1, 1, 0, 1, 1]]),
    "two queries of one positive": dict(scores=cosines(3, 3), target=[1, 1, 0], mask=[[1, 1, 1], [0, 1, 1], [1, 1, 0]]),
    "filler queries": dict(scores=cosines(4, 4), target=[0, 1, 2, 3], mask=[[1] * 4] * 4, row_weight=[1, 0, 1, 0]),
    "unequal weights": dict(scores=cosines(3, 4), target=[3, 0, 1], mask=[[1] * 4] * 3, row_weight=[0.5, 2, 1]),
    "queries without a target": dict(scores=cosines(3, 4), target=[-1, 2, 9], mask=[[1] * 4] * 3),
    "extreme scores": dict(scores=[[1, -1, 1], [-1, 1, 1], [100, -100, 0]], target=[1, 1, 2], mask=[[1] * 3] * 3),
    "equal scores": dict(scores=[[0.5] * 4] * 2, target=[0, 3], mask=[[1] * 4, [1, 1, 0, 1]]),
    "one query": dict(scores=cosines(1, 3), target=[1], mask=[[1] * 3]),
    "one query, one candidate": dict(scores=[[0.25]], target=[0], mask=[[1]]),
    "everything masked": dict(scores=cosines(2, 3), target=[0, 2], mask=[[0] * 3] * 2),
    "all filler": dict(scores=cosines(2, 3), target=[0, 2], mask=[[1] * 3] * 2, row_weight=[0, 0]),
}

GUIDED = {
    "pairs": dict(scores=cosines(4, 4), guide=uniform(4, 4), target=[0, 1, 2, 3], mask=[[1] * 4] * 4),
    "own positive and all negatives": dict(scores=cosines(3, 9), guide=uniform(3, 9), target=[0, 1, 2], mask=TRIPLETS),
    "filler queries": dict(
        scores=cosines(3, 4), guide=cosines(3, 4), target=[2, 0, 3], mask=[[1] * 4] * 3, row_weight=[1, 0, 1]
    ),
    "a guide that tells nothing apart": dict(scores=cosines(3, 3), guide=[[0.5] * 3] * 3, target=[0, 1, 2], mask=[[1] * 3] * 3),
    "everything masked": dict(scores=cosines(2, 3), guide=[[0, 0.75, 1], [0.5, 0.75, -1]], target=[0, 2], mask=[[1] * 3] * 2),
    "one query": dict(scores=cosines(1, 4), guide=[[0.5, 0.25, 0.75, 0.375]], target=[0], mask=[[1] * 4]),
}

SCORED = {
    "graded pairs": dict(scores=cosines(7), labels=[0, 1, 0.5, 0.25, 1, 0, 0.75]),
    "scores of a teacher": dict(scores=cosines(6), labels=cosines(6)),
    "tied labels and scores": dict(scores=[0.5, 0.5, 0.25, 0.25, -0.5], labels=[1, 0, 1, 0, 0]),
    "filler": dict(scores=cosines(5), labels=uniform(5), row_weight=[1, 0, 1, 1, 0]),
    "rows that stand there twice": dict(scores=cosines(4), labels=[0, 0.5, 1, 0.5], row_weight=[2, 1, 3, 1]),
    "extreme scores": dict(scores=[1, -1, 1, -1], labels=[1, 1, -1, -1]),
    "one row": dict(scores=[0.5], labels=[0.75]),
    "one label throughout": dict(scores=cosines(4), labels=[1] * 4),
    "all filler": dict(scores=cosines(3), labels=uniform(3), row_weight=[0, 0, 0]),
}

VECTORS = {
    "graded pairs": dict(first=normal(5, 6), second=normal(5, 6), labels=[0, 1, 0.5, 0.25, 1]),
    "short and long vectors": dict(first=normal(4, 4, scale=1e-3), second=normal(4, 4, scale=50), labels=[3, 1, 0, 2]),
    "a zero vector": dict(first=[[0] * 4, *normal(3, 4)], second=[*normal(3, 4), [0] * 4], labels=[1, 0, 0.5, 0.75]),
    "filler": dict(first=normal(5, 4), second=normal(5, 4), labels=uniform(5), row_weight=[1, 1, 0, 1, 0]),
    "rows that stand there twice": dict(first=normal(3, 2), second=normal(3, 2), labels=[0, 1, 2], row_weight=[1, 2, 1]),
    "extreme angles": dict(first=[[1, 0], [1, 0], [0, 1]], second=[[1, 0], [-1, 0], [1, 0]], labels=[0, 1, 2]),
    "one row": dict(first=normal(1, 4), second=normal(1, 4), labels=[1]),
    "one label throughout": dict(first=normal(3, 4), second=normal(3, 4), labels=[1] * 3),
    "all filler": dict(first=normal(2, 4), second=normal(2, 4), labels=[1, 0], row_weight=[0, 0]),
}

DISTIL = {
    "six rows": dict(student=normal(6, 8), teacher=normal(6, 8)),
    "nine rows": dict(student=normal(9, 8, scale=3), teacher=normal(9, 8, scale=0.01)),
    "a student that is nearly there": dict(student=normal(5, 8), teacher=normal(5, 8)),
    "a teacher of equal similarities": dict(student=normal(5, 8), teacher=torch.eye(8)[:5].tolist()),
    "a zero vector on either side": dict(
        student=[[0] * 8, *normal(4, 8)], teacher=[*normal(3, 8), [0] * 8, *normal(1, 8)]
    ),
    "filler": dict(student=normal(6, 8), teacher=normal(6, 8), row_weight=[1, 0, 1, 1, 0, 1]),
    "three rows": dict(student=normal(3, 8), teacher=normal(3, 8)),
    "two rows": dict(student=normal(2, 8), teacher=normal(2, 8)),
    "one row": dict(student=normal(1, 8), teacher=normal(1, 8)),
    "all filler": dict(student=normal(3, 8), teacher=normal(3, 8), row_weight=[0, 0, 0]),
}
nearly = DISTIL["a student that is nearly there"]
nearly["teacher"] = (torch.tensor(nearly["student"]) + 0.05 * torch.tensor(nearly["teacher"])).tolist()

EMBEDDED = {
    "pairs": dict(query=normal(4, 8), passage=normal(4, 8), target=[0, 1, 2, 3], mask=[[1] * 4] * 4),
    "own positive and all negatives": dict(query=normal(3, 8), passage=normal(9, 8), target=[0, 1, 2], mask=TRIPLETS),
    "zero vectors": dict(
        query=[*normal(2, 8), [0] * 8], passage=[[0] * 8, *normal(2, 8)], target=[0, 1, 2], mask=[[1] * 3] * 3
    ),
    "a vector whose first dimensions are zero": dict(
        query=[[0] * 4 + [1, 2, 3, 4], *normal(1, 8)], passage=normal(3, 8), target=[2, 0], mask=[[1] * 3] * 2
    ),
    "unequal weights": dict(
        query=normal(3, 8), passage=normal(4, 8), target=[3, 2, 1], mask=[[1] * 4] * 3, row_weight=[0.5, 0, 2]
    ),
    "all filler": dict(query=normal(2, 8), passage=normal(2, 8), target=[0, 1], mask=[[1] * 2] * 2, row_weight=[0, 0]),
}

ZERO = torch.zeros((), dtype=torch.float64)


def unit(x):
    return torch.stack([v / v.norm() if float(v.norm()) > 0 else v * 0 for v in x])


def weights_of(case, key):
    return case.get("row_weight", torch.ones(len(case[key]), dtype=torch.float64))


def in_batch(temperature, scores_of=lambda case: case["scores"], allowed=lambda case, q, c: True):
    def loss(case):
        scores, total, weight = scores_of(case), ZERO, 0.0
        for q, (w, t) in enumerate(zip(weights_of(case, "target"), case["target"].tolist())):
            if w == 0 or not 0 <= t < scores.shape[1]:
                continue
            others = [c for c in range(scores.shape[1]) if c != t and case["mask"][q, c] > 0 and allowed(case, q, c)]
            logits = torch.stack([scores[q, c] for c in [t, *others]]) / temperature
            total = total + w * F.cross_entropy(logits[None], torch.tensor([0]))
            weight += float(w)
        return total, weight

    return loss


def guided(margin, strategy):
    def allowed(case, q, c):
        positive = case["guide"][q, case["target"][q]]
        return bool(case["guide"][q, c] <= (positive - margin if strategy == "absolute" else positive * (1 - margin)))

    return in_batch(0.05, allowed=allowed)


def twice(case, *keys):
    """The real rows, each as often as its weight says."""
    weights = weights_of(case, "labels").to(torch.int64)
    return [case[key].repeat_interleave(weights, dim=0) for key in keys]


def pair_kl(temperature):
    def loss(case):
        scores, labels = twice(case, "scores", "labels")
        if len(scores) == 0:
            return ZERO, 0.0
        mean = F.kl_div(
            torch.log_softmax(scores / temperature, 0), torch.softmax(labels / temperature, 0), reduction="batchmean"
        )
        return mean * len(scores), float(len(scores))

    return loss


def ordered(scores, labels, scale):
    terms = [scale * (scores[j] - scores[i]) for i in range(len(labels)) for j in range(len(labels)) if labels[i] > labels[j]]
    batch = torch.logsumexp(torch.stack([ZERO, *terms]), 0)
    return batch * len(labels), float(len(labels))


def co_sent(scale):
    return lambda case: ordered(*twice(case, "scores", "labels"), scale)


def angle(scale):
    def loss(case):
        first, second, labels = twice(case, "first", "second", "labels")
        scores = []
        for x, y in zip(first, second):
            half = len(x) // 2
            if float(x.norm()) == 0 or float(y.norm()) == 0:
                scores.append((x * y).sum() * 0)
                continue
            quotient = torch.complex(x[:half], x[half:]) * torch.complex(y[:half], y[half:]).conj()
            scores.append(((quotient.real + quotient.imag).sum() / (x.norm() * y.norm())).abs())
        return ordered(scores, labels, scale)

    return loss


def distil(dims=(8,), cosine=10.0, similarity=200.0, triplet=20.0, margin=0.015):
    def loss(case):
        real = weights_of(case, "student") > 0
        student, teacher = case["student"][real], case["teacher"][real]
        rows = len(student)
        if rows == 0:
            return ZERO, 0.0
        teacher = unit(teacher)
        above = torch.triu(torch.ones(rows, rows), diagonal=1).bool()

        def differences(similarities):
            chosen = similarities[above]
            return torch.stack([chosen[j] - chosen[i] for i in range(len(chosen)) for j in range(i + 1, len(chosen))])

        target = teacher @ teacher.T
        total = cosine * (1 - (unit(student) * teacher).sum(1)).mean()
        for dim in dims:
            vectors = unit(student[:, :dim])
            similarities = vectors @ vectors.T
            total = total + similarity * F.mse_loss(similarities, target) / len(dims)
            if rows > 2:
                sign = torch.where(differences(target) < 0, 1, -1)
                total = total + triplet * F.relu(differences(similarities) * sign + margin).mean() / len(dims)
        return total * rows, float(rows)

    return loss


def matryoshka(dims):
    def loss(case):
        at = [
            in_batch(0.05, lambda case, dim=dim: unit(case["query"][:, :dim]) @ unit(case["passage"][:, :dim]).T)(case)
            for dim in dims
        ]
        return sum(total for total, _ in at) / len(dims), at[0][1]

    return loss


LOSSES = {
    "inBatch": {"inBatchSoftmax": in_batch(0.02), "inBatchSoftmax temperature 1": in_batch(1.0)},
    "guided": {"absolute margin 0.1": guided(0.1, "absolute"), "relative margin 0.05": guided(0.05, "relative")},
    "scored": {
        "pairKlDivergence": pair_kl(0.02),
        "pairKlDivergence temperature 1": pair_kl(1.0),
        "coSent": co_sent(20.0),
        "coSent scale 1": co_sent(1.0),
    },
    "vectors": {"angle": angle(20.0), "angle scale 1": angle(1.0)},
    "distil": {
        "distillation": distil(),
        "distillation at 2, 4 and 8": distil(dims=(2, 4, 8)),
        "distillation by triplets alone": distil(dims=(4,), cosine=0, similarity=0, triplet=1, margin=0.5),
        "distillation without triplets": distil(triplet=0),
    },
    "embedded": {"matryoshka 2, 4, 8": matryoshka((2, 4, 8)), "matryoshka full width": matryoshka((8,))},
}
CASES = {"inBatch": IN_BATCH, "guided": GUIDED, "scored": SCORED, "vectors": VECTORS, "distil": DISTIL, "embedded": EMBEDDED}
BY = {
    "inBatch": ["scores"],
    "guided": ["scores"],
    "scored": ["scores"],
    "vectors": ["first", "second"],
    "distil": ["student"],
    "embedded": ["query", "passage"],
}


def number(value):
    return float(f"{value:.9g}")


def rounded(values):
    """float32 as the graph gets it."""
    return torch.tensor(values, dtype=torch.float32)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [number(x) for x in tensor.flatten().tolist()]}


def golden(loss, case, by):
    inputs = {name: value.double() for name, value in case.items()}
    if "target" in inputs:
        inputs["target"] = inputs["target"].to(torch.int64)
    for name in by:
        inputs[name].requires_grad_(True)
    total, weight = loss(inputs)
    (total + sum(0 * inputs[name].sum() for name in by)).backward()
    gradients = {name: inputs[name].grad for name in by}
    assert math.isfinite(float(total.detach())) and all(torch.isfinite(g).all() for g in gradients.values())
    return {
        "sum": float(f"{float(total.detach()):.12g}"),
        "weight": weight,
        "gradients": {name: listed(g)["data"] for name, g in gradients.items()},
    }


cases = {
    kind: {name: {key: rounded(value) for key, value in case.items()} for name, case in named.items()}
    for kind, named in CASES.items()
}
result = {
    "script": "scripts/golden/batch-losses.py",
    "torch": torch.__version__,
    "seed": SEED,
    "cases": {
        kind: {name: {key: listed(value) for key, value in case.items()} for name, case in named.items()}
        for kind, named in cases.items()
    },
    "losses": {
        name: {case: golden(loss, inputs, BY[kind]) for case, inputs in cases[kind].items()}
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
