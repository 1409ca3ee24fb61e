"""Gradients of every reranker loss through a decoder with a scalar head, and through one that answers yes or no.

Writes packages/reranker/src/training/fixtures/decoder-losses.json: the checkpoints are those of llm-rerankers.py (packages/reranker/src/fixtures),
the batch their pairs by its token ids. Of each gradient the two numbers that tell it from another are kept: its norm, and its product with
sin(1), sin(2), … . The losses are computed in float64, group by group in plain loops.
Run: python scripts/golden/decoder-losses.py   (torch 2.13.0, transformers 5.18.0)
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers

ROOT = Path(__file__).resolve().parents[2] / "packages/reranker/src"
LENGTHS = {"qwen2-scalar": "128", "qwen3-yes-no": "256"}
LABELS = [1.0, 0.0, 0.25, 1.0]
# Rows of the batch, twice three of them.
GROUPS = [[0, 1, 2], [3, 1, 0]]
GRADES = [[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
TEACHER = [[1.5, -0.5, 0.25], [-1.0, 2.0, 0.5]]


def pairs_of(y):
    return [(i, j) for i in range(len(y)) for j in range(len(y)) if y[i] > y[j]]


def listwise(z, y, u):
    target = torch.where(y != 0, torch.exp(y), torch.zeros_like(y))
    return F.cross_entropy(z, target / target.sum())


def lambda_loss(z, y, u):
    discount = lambda place: math.log2(1 + place)
    rank = {d: place for place, d in enumerate(sorted(range(len(y)), key=lambda d: (-z[d].item(), d)), start=1)}
    gain = [2.0 ** label.item() - 1 for label in y]
    ideal = sum(g / discount(place) for place, g in enumerate(sorted(gain, reverse=True), start=1))
    total = 0
    for i, j in pairs_of(y):
        apart = abs(rank[i] - rank[j])
        rho = abs(1 / discount(rank[i]) - 1 / discount(rank[j]))
        delta = abs(1 / discount(apart) - 1 / discount(apart + 1))
        total = total - (rho + 10 * delta) * abs(gain[i] - gain[j]) / ideal * F.logsigmoid(z[i] - z[j]) / math.log(2)
    return total


def group_softmax(z, y, u):
    return F.cross_entropy(z, y / y.sum())


GROUP = {
    "group_softmax": group_softmax,
    "group_softmax with a teacher": lambda z, y, u: group_softmax(z, y, u) + F.cross_entropy(z, torch.softmax(u, 0)),
    "listwise_ce": listwise,
    "pairwise_ranknet": lambda z, y, u: sum((y[i] - y[j]) * F.softplus(z[j] - z[i]) for i, j in pairs_of(y)),
    "kl_divergence": lambda z, y, u: F.kl_div(torch.log_softmax(z, 0), torch.softmax(u, 0), reduction="sum"),
    "margin_mse": lambda z, y, u: sum((z[i] - z[j] - u[i] + u[j]) ** 2 for i, j in pairs_of(y)),
    "lambda_loss": lambda_loss,
}
POINTWISE = {
    "pointwise_bce": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    "pointwise_mse": lambda z, y: F.mse_loss(torch.sigmoid(z), y, reduction="sum"),
}


def logits_of(name, model, tokenizer, rows):
    logits = []
    for row in rows:
        out = model(input_ids=torch.tensor([row])).logits[0]
        if name == "qwen2-scalar":
            logits.append(out[0])
        else:
            (yes,), (no,) = (tokenizer.encode(word, add_special_tokens=False) for word in ("yes", "no"))
            logits.append(out[-1, yes] - out[-1, no])
    return torch.stack(logits)


def number(value):
    return float(f"{value:.9g}")


def recorded(model, total):
    model.zero_grad()
    total.backward()
    gradients = {}
    for name, parameter in model.named_parameters():
        flat = parameter.grad.flatten()
        direction = torch.sin(torch.arange(1, len(flat) + 1, dtype=torch.float64))
        gradients[name] = [number(flat.norm().item()), number(flat.dot(direction).item())]
    return {"sum": number(total.item()), "gradients": gradients}


def case(name):
    directory = ROOT / "fixtures" / name
    kind = transformers.AutoModelForSequenceClassification if name == "qwen2-scalar" else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(directory).double().eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    rows = json.loads((directory / "expected.json").read_text())["input_ids"][LENGTHS[name]]
    floats = lambda values: torch.tensor(values, dtype=torch.float64)
    losses = {}
    for loss, of in POINTWISE.items():
        losses[loss] = recorded(model, of(logits_of(name, model, tokenizer, rows), floats(LABELS)))
    for loss, of in GROUP.items():
        logits = logits_of(name, model, tokenizer, rows)
        groups = zip(GROUPS, GRADES, TEACHER)
        losses[loss] = recorded(model, sum(of(logits[g], floats(y), floats(u)) for g, y, u in groups))
    return {"input_ids": rows, "losses": losses}


def main():
    golden = {
        "written_by": f"scripts/golden/decoder-losses.py, torch {torch.__version__}, transformers {transformers.__version__}",
        "labels": LABELS,
        "groups": GROUPS,
        "grades": GRADES,
        "teacher": TEACHER,
        **{name: case(name) for name in LENGTHS},
    }
    path = ROOT / "training/fixtures/decoder-losses.json"
    path.write_text(json.dumps(golden) + "\n")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
