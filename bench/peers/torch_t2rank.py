#!/usr/bin/env python3
"""PyTorch peer of t2rank.ts: trains a BERT cross-encoder on the batches that t2rank.ts wrote, padded to their longest row.

Usage: torch_t2rank.py IDS.json [--sdpa] [--bf16] [--dropout P] [--threads N]
IDS.json, from `t2rank.ts --write-ids`: the model's sizes and, per batch, token ids, token types and labels of its rows,
so that both see the same rows in the same order. Pointwise binary cross-entropy, AdamW, one update per batch, or per
batch in the parts that the file gives (gradients are summed). Prints one JSON line; tokens are real ones, padding is
not counted. The largest part is computed once before the clock starts.
"""
import argparse
import json
import resource
import time

import torch
from encoder import Encoder, adamw, initialize
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("ids")
parser.add_argument("--sdpa", action="store_true", help="scaled_dot_product_attention")
parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
with open(args.ids, encoding="utf-8") as file:
    written = json.load(file)


class CrossEncoder(nn.Module):
    """One logit per row, through BERT's pooler."""

    def __init__(self):
        super().__init__()
        self.encoder = Encoder(**written["model"], dropout=args.dropout, sdpa=args.sdpa)
        hidden = written["model"]["hidden"]
        self.pooler, self.classifier = nn.Linear(hidden, hidden), nn.Linear(hidden, 1)

    def forward(self, input_ids, token_type_ids, mask):
        first = self.encoder(input_ids, token_type_ids, mask)[:, 0]
        return self.classifier(F.dropout(torch.tanh(self.pooler(first)), args.dropout))[:, 0]


def padded(rows, pad):
    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows])


def tensors(part):
    """Ids, types, mask and labels; no mask where all rows have one length."""
    lengths = torch.tensor([len(row) for row in part["input_ids"]])
    ids = padded(part["input_ids"], written["padId"])
    mask = torch.arange(ids.shape[1])[None] < lengths[:, None]
    full = bool((lengths == ids.shape[1]).all())
    return ids, padded(part["token_type_ids"], 0), None if full else mask, torch.tensor(part["labels"])


model = initialize(CrossEncoder())
optimizer = adamw(model)


def backward(part, rows):
    """The loss summed over the part; gradients of the mean over all rows of its batch."""
    ids, types, mask, labels = tensors(part)
    with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
        logits = model(ids, types, mask)
    loss = F.binary_cross_entropy_with_logits(logits.float(), labels.float(), reduction="sum")
    (loss / rows).backward()
    return loss.item()


cells = lambda part: len(part["input_ids"]) * max(map(len, part["input_ids"]))
parts = [part for batch in written["batches"] for part in batch]
backward(max(parts, key=cells), written["batchSize"])
started = time.perf_counter()
losses = []
for batch in written["batches"]:
    rows = sum(len(part["labels"]) for part in batch)
    optimizer.zero_grad(set_to_none=True)
    losses.append(sum(backward(part, rows) for part in batch) / rows)
    optimizer.step()
seconds = time.perf_counter() - started
real = sum(len(row) for part in parts for row in part["input_ids"])
print(
    json.dumps(
        {
            "what": "t2rank",
            "by": "torch " + torch.__version__,
            "order": written["order"],
            "sdpa": args.sdpa,
            "bf16": args.bf16,
            "dropout": args.dropout,
            "batches": len(written["batches"]),
            "rows": sum(len(part["labels"]) for part in parts),
            "real_tokens": real,
            "real_tokens_per_second": round(real / seconds, 1),
            "ms": round(seconds * 1e3),
            "filler_share": round(1 - real / sum(map(cells, parts)), 4),
            "first_loss": round(losses[0], 4),
            "last_loss": round(losses[-1], 4),
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )
)
