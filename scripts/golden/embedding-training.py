"""One training step of a tiny embedding model in PyTorch, in float64: losses, gradients, and the loss after an AdamW update.

Reads packages/embedding/src/fixtures/mean (scripts/golden/embedding-models.py) and writes
packages/embedding/src/training/fixtures/training-step.json.
Run: python scripts/golden/embedding-training.py   (torch 2.13.0, transformers 5.18.0; the numbers' header says which)
"""

import copy
import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import transformers
from torch.nn.functional import cross_entropy, kl_div, log_softmax, normalize

SOURCE = Path(__file__).resolve().parents[2] / "packages/embedding/src"
MODEL = SOURCE / "fixtures/mean"
TEMPERATURE, LEARNING_RATE = 0.05, 1e-3
QUERY_LENGTH, PASSAGE_LENGTH = 8, 12
DIMS = [4, 8, 12]
QUERIES = ["why is the moon bright ?", "what does the cat ran", "为什么月亮亮。", "query: red dog in the blue day and the night"]
POSITIVES = ["the moon is bright in the night .", "the red cat ran of the sun", "月亮", "Paris dogs ran in the red day of the blue moon night"]
NEGATIVES = [
    ["the sun", "a dog sat"],
    ["why 什么", "cat sunning in the day"],
    ["what is the night ?", "blue moon"],
    ["the a of in", "passage: bright sun of the day ran in the blue night of the cat"],
]
SCORES = [[1.0, 0.2, 0.1], [0.8, 0.4, 0.3], [0.9, 0.0, 0.5], [0.7, 0.6, 0.1]]
GRADIENTS = [
    "embeddings.LayerNorm.weight",
    "encoder.layer.0.attention.self.query.weight",
    "encoder.layer.1.output.dense.bias",
]


def wave(rows, columns):
    """Weights that the test makes too."""
    i, j = torch.arange(rows).double()[:, None], torch.arange(columns).double()[None, :]
    return 0.3 * torch.sin(1 + 0.7 * i + 1.3 * j)


class Student(torch.nn.Module):
    """The encoder, mean pooling, and a Dense where the case has one."""

    def __init__(self, encoder, tokenizer, width):
        super().__init__()
        self.encoder, self.tokenizer = encoder, tokenizer
        self.dense = None
        if width:
            self.dense = torch.nn.Linear(encoder.config.hidden_size, width)
            with torch.no_grad():
                self.dense.weight.copy_(wave(*self.dense.weight.shape))
                self.dense.bias.copy_(wave(1, width)[0])

    def forward(self, texts, length):
        inputs = self.tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
        hidden = self.encoder(**inputs).last_hidden_state
        mask = inputs["attention_mask"][..., None].double()
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        return self.dense(pooled) if self.dense else pooled


def triplets(queries, positives, negatives, _):
    """Own positive and all negatives of the batch."""
    scores = torch.cat([(queries * positives).sum(-1, keepdim=True), queries @ negatives.T], 1)
    return cross_entropy(scores / TEMPERATURE, torch.zeros(len(scores), dtype=torch.long))


def pairs(queries, positives, *_):
    return cross_entropy(queries @ positives.T / TEMPERATURE, torch.arange(len(queries)))


def similarities(queries, positives, negatives):
    contents = torch.cat([positives[:, None], negatives.view(len(queries), -1, negatives.shape[-1])], 1)
    return (queries[:, None] * contents).sum(-1)


def lists(queries, positives, negatives, scores):
    student = log_softmax(similarities(queries, positives, negatives) / TEMPERATURE, -1)
    return kl_div(student, log_softmax(scores / TEMPERATURE, -1), log_target=True, reduction="batchmean")


def whole(queries, positives, negatives, scores):
    """One softmax over all pairs of the batch."""
    student = log_softmax(similarities(queries, positives, negatives).flatten() / TEMPERATURE, 0)
    return kl_div(student, torch.softmax(scores.flatten() / TEMPERATURE, 0), reduction="batchmean")


def batch_scores(queries, positives, negatives):
    """[queries, passages of the batch]: each query's positive and negatives side by side, as FlagEmbedding has them."""
    passages = torch.cat([positives[:, None], negatives.view(len(queries), -1, negatives.shape[-1])], 1)
    return queries @ passages.flatten(0, 1).T, torch.arange(len(queries)) * passages.shape[1]


def beside(queries, positives, negatives, scores):
    """FlagEmbedding's kl_div: the teacher's distribution over the own passages, and the positive among all of the batch."""
    student, own = batch_scores(queries, positives, negatives)
    local = similarities(queries, positives, negatives) / TEMPERATURE
    soft = -(log_softmax(local, -1) * torch.softmax(scores, -1)).sum(-1).mean()
    return soft + cross_entropy(student / TEMPERATURE, own)


def in_turn(queries, positives, negatives, scores):
    """FlagEmbedding's m3_kd_loss: each own passage among all of the batch but the earlier ones, weighed by the teacher."""
    student, own = batch_scores(queries, positives, negatives)
    targets, total = torch.softmax(scores, -1), 0
    for i in range(scores.shape[1]):
        kept = student / TEMPERATURE
        for row, start in enumerate(own.tolist()):
            kept[row, start : start + i] = -torch.inf
        total = total + (targets[:, i] * cross_entropy(kept, own + i, reduction="none")).mean()
    return total


def products(queries, positives, negatives, _):
    """Inner products of vectors that are not normalised, temperature 1."""
    student, own = batch_scores(queries, positives, negatives)
    return cross_entropy(student, own)


def step(encoder, tokenizer, loss_of, dims, normalized=True):
    model = Student(copy.deepcopy(encoder), tokenizer, max(dims) if dims else None)

    def loss():
        flat = [text for row in NEGATIVES for text in row]
        vectors = [model(QUERIES, QUERY_LENGTH), model(POSITIVES, PASSAGE_LENGTH), model(flat, PASSAGE_LENGTH)]
        widths = dims or [vectors[0].shape[-1]]
        unit = (lambda v: normalize(v, dim=-1)) if normalized else (lambda v: v)
        cut = [[unit(v[:, :width]) for v in vectors] for width in widths]
        return sum(loss_of(*each, torch.tensor(SCORES)) for each in cut) / len(widths)

    first = loss()
    first.backward()
    gradients = {name: model.encoder.get_parameter(name).grad.flatten().numpy().round(9).tolist() for name in GRADIENTS}
    if model.dense:
        gradients["2_Dense.linear.weight"] = model.dense.weight.grad.flatten().numpy().round(9).tolist()
    named = [(name, p) for name, p in model.named_parameters() if p.grad is not None]
    plain = [p for name, p in named if "bias" in name or "LayerNorm" in name]
    decayed = [p for name, p in named if not ("bias" in name or "LayerNorm" in name)]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    torch.optim.AdamW(groups, lr=LEARNING_RATE).step()
    return {"loss": first.item(), "gradients": gradients, "loss_after": loss().item()}


torch.set_default_dtype(torch.float64)
encoder = transformers.AutoModel.from_pretrained(MODEL).double().eval()
tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
golden = {
    "written_by": f"scripts/golden/embedding-training.py, torch {torch.__version__}, transformers {transformers.__version__}; "
    "weights of fixtures/mean, no seed",
    "temperature": TEMPERATURE,
    "learning_rate": LEARNING_RATE,
    "query_length": QUERY_LENGTH,
    "passage_length": PASSAGE_LENGTH,
    "dims": DIMS,
    "queries": QUERIES,
    "positives": POSITIVES,
    "negatives": NEGATIVES,
    "scores": SCORES,
    "steps": {
        "triplets": step(encoder, tokenizer, triplets, None),
        "pairs": step(encoder, tokenizer, pairs, None),
        "matryoshka": step(encoder, tokenizer, triplets, DIMS),
        "lists": step(encoder, tokenizer, lists, None),
        "whole": step(encoder, tokenizer, whole, None),
        "kl_div": step(encoder, tokenizer, beside, None),
        "m3_kd_loss": step(encoder, tokenizer, in_turn, None),
        "m3_kd_loss matryoshka": step(encoder, tokenizer, in_turn, DIMS),
        "products": step(encoder, tokenizer, products, None, normalized=False),
        "products matryoshka": step(encoder, tokenizer, products, DIMS, normalized=False),
    },
}
target = SOURCE / "training/fixtures/training-step.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(golden, ensure_ascii=False) + "\n")
for name, each in golden["steps"].items():
    print(name, each["loss"], each["loss_after"])
