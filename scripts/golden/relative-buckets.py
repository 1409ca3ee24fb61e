"""The buckets that transformers puts relative positions into, for every distance.

Writes packages/models/src/fixtures/relative-buckets.json.
Run: python scripts/golden/relative-buckets.py   (torch 2.13.0, transformers 5.18.0; the file's header says which)
"""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import transformers
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

FILE = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures/relative-buckets.json"
REACH = 600
distances = torch.arange(-REACH, REACH + 1)
deberta = [
    {
        "buckets": buckets,
        "farthest": farthest,
        "of": make_log_bucket_position(distances, buckets, farthest).long().tolist(),
    }
    for buckets, farthest in [(256, 512), (6, 24), (32, 128), (256, 1024)]
]
result = {
    "script": "scripts/golden/relative-buckets.py",
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "reach": REACH,
    "mpnet": MPNetEncoder.relative_position_bucket(distances).tolist(),
    "deberta": deberta,
}
lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in result.items()]
FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
