#!/usr/bin/env python3
"""PyTorch peer of embedding-recipe.ts: trains a BERT embedding model on the batches that embedding-recipe.ts wrote.

Usage: torch_embedding.py IDS.json [--pad fixed|longest] [--sdpa] [--bf16] [--dropout P] [--threads N]
IDS.json, from `embedding-recipe.ts --write-ids`: the model's sizes, the lengths, and per batch the token ids of its
queries, positives and negatives, so that both see the same texts in the same order. `fixed` pads queries and passages
to their greatest lengths (128 and 512), as the original's loader does; `longest` to the longest of the batch. As there,
queries, positives and negatives go through the encoder one after the other; mean pooling, cosine / temperature,
cross-entropy of the own positive against all negatives of the batch, AdamW, one update per batch. Prints one JSON line;
tokens are real ones, padding is not counted. The longest batch is computed once before the clock starts.
"""
import argparse
import json
import resource
import time

import torch
from encoder import Encoder, adamw, initialize
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("ids")
parser.add_argument("--pad", choices=["fixed", "longest"], default="fixed")
parser.add_argument("--sdpa", action="store_true", help="scaled_dot_product_attention")
parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
parser.add_argument("--dropout", type=float, default=0.1)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
with open(args.ids, encoding="utf-8") as file:
    written = json.load(file)
sides = ("queries", "positives", "negatives")
lengths = {side: written["query_length" if side == "queries" else "passage_length"] for side in sides}

encoder = initialize(Encoder(**written["model"], dropout=args.dropout, sdpa=args.sdpa))
optimizer = adamw(encoder)


def width(batch, side):
    return lengths[side] if args.pad == "fixed" else max(map(len, batch[side]))


def encode(batch, side):
    """Unit vectors [texts, hidden], the mean of each text's states."""
    rows, longest = batch[side], width(batch, side)
    ids = torch.tensor([row + [written["padId"]] * (longest - len(row)) for row in rows])
    mask = torch.arange(longest)[None] < torch.tensor([len(row) for row in rows])[:, None]
    with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
        states = encoder(ids, torch.zeros_like(ids), None if bool(mask.all()) else mask)
    real = mask[:, :, None].float()
    return F.normalize((states.float() * real).sum(1) / real.sum(1), dim=-1)


def step(batch):
    """Forward, backward and update; the loss is the mean over the queries."""
    queries, positives, negatives = (encode(batch, side) for side in sides)
    own = (queries * positives).sum(-1, keepdim=True)
    scores = torch.cat([own, queries @ negatives.T], 1) / written["temperature"]
    loss = F.cross_entropy(scores, torch.zeros(len(queries), dtype=torch.int64))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


tokens = lambda batch: sum(len(row) for side in lengths for row in batch[side])
cells = lambda batch: sum(len(batch[side]) * width(batch, side) for side in sides)
batches = written["batches"]
for group in optimizer.param_groups:
    group["lr"] = 0.0
step(max(batches, key=tokens))
for group in optimizer.param_groups:
    group["lr"] = 5e-5
started = time.perf_counter()
losses = [step(batch) for batch in batches]
seconds = time.perf_counter() - started
real = sum(map(tokens, batches))
filler = round(1 - real / sum(map(cells, batches)), 4)
print(
    json.dumps(
        {
            "what": "embedding recipe",
            "by": "torch " + torch.__version__,
            "pad": args.pad,
            "sdpa": args.sdpa,
            "bf16": args.bf16,
            "dropout": args.dropout,
            "batches": len(batches),
            "texts": sum(len(batch[side]) for batch in batches for side in sides),
            "real_tokens": real,
            "real_tokens_per_second": round(real / seconds, 1),
            "ms": round(seconds * 1e3),
            "filler_share": filler,
            "attention_filler_share": filler,
            "first_loss": round(losses[0], 4),
            "last_loss": round(losses[-1], 4),
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )
)
