#!/usr/bin/env python3
"""PyTorch and PEFT peer of decoder-step.ts: trains or scores with a Qwen2 with a scalar head, on the same batches of token ids.

Usage: decoder_step.py IDS.json lora|full|score [--checkpointing] [--bf16] [--threads N]
IDS.json, from compare-decoder.ts: config.json, the adapters' settings and batches, padded here to their longest row, without a mask
where all rows have one length. The model is that of transformers with SDPA, its weights random and float32; `--bf16` is autocast,
`--checkpointing` recomputes each layer's activations. Binary cross-entropy, fused AdamW, one update per batch. Prints one JSON line;
tokens are real ones, padding is not counted. The largest batch is computed once before the clock starts.
"""
import argparse
import json
import resource
import time

import torch
import transformers
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("ids")
parser.add_argument("mode", choices=["lora", "full", "score"])
parser.add_argument("--checkpointing", action="store_true", help="recompute activations, a layer at a time")
parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
with open(args.ids, encoding="utf-8") as file:
    written = json.load(file)
batches = written["batches"]

config = transformers.Qwen2Config(**written["config"], attn_implementation="sdpa", use_cache=False)
model = transformers.Qwen2ForSequenceClassification(config).float()
peft_version = None
if args.mode == "lora":
    import peft

    peft_version = peft.__version__
    model = peft.get_peft_model(model, peft.LoraConfig(task_type="SEQ_CLS", lora_dropout=0.0, **written["lora"]))
if args.checkpointing:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
model.train(args.mode != "score")
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = None if args.mode == "score" else torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)


def logits(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = None if all(len(row) == longest for row in rows) else (ids != 0).long()
    with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
        return model(input_ids=ids, attention_mask=mask).logits[:, 0].float()


def compute(rows):
    """The loss of a batch after its update, or its first logit."""
    if optimizer is None:
        with torch.inference_mode():
            return logits(rows)[0].item()
    labels = torch.tensor([float(i % 2) for i in range(len(rows))])
    loss = F.binary_cross_entropy_with_logits(logits(rows), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


compute(max(batches, key=lambda rows: len(rows) * max(map(len, rows))))
started = time.perf_counter()
results = [compute(rows) for rows in batches]
seconds = time.perf_counter() - started
real = sum(len(row) for rows in batches for row in rows)
print(
    json.dumps(
        {
            "what": "decoder step",
            "by": f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft_version}",
            "mode": args.mode,
            "checkpointing": args.checkpointing,
            "bf16": args.bf16,
            "layers": config.num_hidden_layers,
            "trained": sum(p.numel() for p in trained),
            "batches": len(batches),
            "rows": sum(map(len, batches)),
            "real_tokens": real,
            "tokens_per_second": round(real / seconds, 1),
            "ms": round(seconds * 1e3),
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "first": round(results[0], 4),
            "last": round(results[-1], 4),
        }
    )
)
