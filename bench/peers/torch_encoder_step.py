#!/usr/bin/env python3
"""PyTorch peer of encoder-step.ts: forward, backward and AdamW of a BERT-shaped encoder, embeddings included.

Usage: torch_encoder_step.py B,L,H,A,F,LAYERS [--adamw] [--sdpa] [--bf16] [--dropout P] [--threads N] [--runs N]
B batch, L tokens per row, H hidden, A heads, F feed-forward, LAYERS encoder layers. Prints one JSON line. GFLOP/s count
6 per token and weight and 12 per token, token attended to and hidden unit. Two steps go before those that are measured.
Eager attention adds a bias of zeros, as transformers does; SDPA is given none, which is faster.
"""
import argparse
import json
import resource
import time

import torch
from encoder import Encoder, adamw, initialize

parser = argparse.ArgumentParser()
parser.add_argument("shape", nargs="?", default="8,128,768,12,3072,4")
parser.add_argument("--adamw", action="store_true", help="update with AdamW after each backward")
parser.add_argument("--sdpa", action="store_true", help="scaled_dot_product_attention")
parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--runs", type=int, default=7)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
batch, tokens, hidden, heads, feed_forward, layers = map(int, args.shape.split(","))

encoder = initialize(
    Encoder(
        vocabulary=1024,
        positions=tokens,
        hidden=hidden,
        heads=heads,
        feed_forward=feed_forward,
        layers=layers,
        dropout=args.dropout,
        sdpa=args.sdpa,
    )
)
optimizer = adamw(encoder) if args.adamw else None
input_ids = torch.randint(1024, (batch, tokens))
token_type_ids = torch.zeros_like(input_ids)
mask = None if args.sdpa else torch.ones((batch, tokens), dtype=torch.bool)
arriving = torch.randn(batch, tokens, hidden)


def step():
    """Milliseconds of a step, and of its forward and backward."""
    started = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
        states = encoder(input_ids, token_type_ids, mask)
    encoder.zero_grad(set_to_none=True)
    states.backward(arriving.to(states.dtype))
    computed = time.perf_counter()
    if optimizer:
        optimizer.step()
    ended = time.perf_counter()
    return (ended - started) * 1e3, (computed - started) * 1e3


def spread(times):
    times = sorted(times)
    return {"median": round(times[len(times) // 2], 3), "min": round(times[0], 3), "max": round(times[-1], 3)}


times = [step() for _ in range(2 + args.runs)][2:]
total, computing = spread(t for t, _ in times), spread(c for _, c in times)
flops = 6 * batch * tokens * layers * (4 * hidden**2 + 2 * hidden * feed_forward) + 12 * layers * batch * tokens**2 * hidden
print(
    json.dumps(
        {
            "what": "encoder step",
            "by": "torch " + torch.__version__,
            "shape": args.shape,
            "adamw": args.adamw,
            "sdpa": args.sdpa,
            "bf16": args.bf16,
            "dropout": args.dropout,
            "ms": total,
            "ms_forward_backward": computing,
            "gflops": round(flops / total["median"] / 1e6, 1),
            "gflops_forward_backward": round(flops / computing["median"] / 1e6, 1),
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )
)
