"""State dicts as torch.save writes them, and the numbers in them.

Writes packages/models/src/fixtures/pytorch/*.{pt,bin} and golden.json (names, dtypes, shapes, elements as float32), and
fixtures/bert-torch/: the weights of fixtures/bert once more, in the form before torch 1.6, and two shards in today's form.
Run: python scripts/golden/pytorch-files.py   (torch 2.13.0; the header of golden.json says which)
"""

import io
import json
import sys
from collections import OrderedDict
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import safetensors.torch
import torch

FIXTURES = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures/pytorch"
SEED = 20261121
torch.manual_seed(SEED)

base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
half = torch.randn(3, 5).half()
FILES = {
    # As RAG-Retrieval's ColBERT saves its projection.
    "colbert_linear.pt": (torch.nn.Linear(6, 4).state_dict(), 2),
    # As sentence-transformers' Dense saved it before safetensors.
    "pytorch_model.bin": (
        OrderedDict({"linear.weight": torch.randn(3, 4), "linear.bias": torch.randn(3)}),
        2,
    ),
    "dtypes.pt": (
        {
            "parameter": torch.nn.Parameter(torch.randn(2, 2)),
            "f16": half,
            "bf16": torch.randn(5).bfloat16(),
            "f64": torch.randn(2, 3).double(),
            "position_ids": torch.arange(7).reshape(1, 7),
            "i32": torch.tensor([-3, 4], dtype=torch.int32),
            "u8": torch.tensor([0, 255], dtype=torch.uint8),
            "bool": torch.tensor([True, False]),
            "__proto__": torch.tensor([1.5]),
        },
        4,
    ),
    "views.pt": (
        {
            "transposed": base.t(),
            "rows": base[1:3],
            "columns": base[:, 2:4],
            "every other": base[::2, 1::3],
            "permuted": base.reshape(2, 2, 6).permute(2, 0, 1),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 3),
            "half, transposed": half.t(),
        },
        5,
    ),
}


# As BAAI's bge-m3 saves the head of its lexical weights.
FILES["sparse_linear.pt"] = (torch.nn.Linear(6, 1).state_dict(), 2)
# Tied tensors: two names for one storage, as BertForMaskedLM saves its decoder.
words = torch.nn.Parameter(torch.randn(7, 3))
FILES["tied.pt"] = (
    OrderedDict(
        {
            "bert.embeddings.word_embeddings.weight": words,
            "cls.predictions.decoder.weight": words,
            "cls.predictions.bias": torch.randn(7),
        }
    ),
    2,
)
# The form before torch 1.6, under every kind of tensor that the zip form was tried with.
LEGACY = {
    "legacy.pt": ("colbert_linear.pt", 2),
    "legacy-dtypes.pt": ("dtypes.pt", 4),
    "legacy-views.pt": ("views.pt", 3),
    "legacy-tied.pt": ("tied.pt", 2),
}


def dtype(tensor):
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}
    names |= {torch.int64: "I64", torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL"}
    return names[tensor.dtype]


FIXTURES.mkdir(parents=True, exist_ok=True)
golden = {}
for name, (state, protocol) in FILES.items():
    if name == "pytorch_model.bin":
        buffer = io.BytesIO()  # no name known: the folder inside is called "archive"
        torch.save(state, buffer, pickle_protocol=protocol)
        (FIXTURES / name).write_bytes(buffer.getvalue())
    else:
        torch.save(state, FIXTURES / name, pickle_protocol=protocol)
    golden[name] = [
        dict(name=key, dtype=dtype(value), shape=list(value.shape), values=value.detach().float().flatten().tolist())
        for key, value in state.items()
    ]
for name, (of, protocol) in LEGACY.items():
    torch.save(FILES[of][0], FIXTURES / name, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    golden[name] = golden[of]
header = dict(script="scripts/golden/pytorch-files.py", torch=torch.__version__, seed=SEED)
(FIXTURES / "golden.json").write_text(json.dumps(dict(header=header, files=golden), indent=1) + "\n")

bert = FIXTURES.parent / "bert-torch"
bert.mkdir(exist_ok=True)
state = safetensors.torch.load_file(FIXTURES.parent / "bert/model.safetensors")
torch.save(OrderedDict(state), bert / "legacy.bin", _use_new_zipfile_serialization=False)
names = list(state)
shards = {f"pytorch_model-0000{i + 1}-of-00002.bin": names[i::2] for i in range(2)}
for shard, held in shards.items():
    torch.save({name: state[name].half() for name in held}, bert / shard)
weight_map = {name: shard for shard, held in shards.items() for name in held}
index = dict(metadata=dict(total_size=2 * sum(tensor.numel() for tensor in state.values())), weight_map=weight_map)
(bert / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
