"""Runs the directories of export-onnx.ts as other tools do: transformers' tokenizer pads a batch, stock ONNX Runtime runs
onnx/model.onnx, and the outputs are compared with golden.json. transformers 5.18.0, onnxruntime 1.30.0."""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import numpy as np
import onnxruntime
from transformers import AutoTokenizer

worst = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    if not (folder / "golden.json").exists():
        continue
    golden = json.loads((folder / "golden.json").read_text())
    session = onnxruntime.InferenceSession(str(folder / "onnx" / "model.onnx"))
    names = [value.name for value in session.get_inputs()]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    longest = json.loads((folder / "config.json").read_text())["max_position_embeddings"]
    cases = golden["cases"]
    if golden["task"] == "colbert":
        # Markers, expansion and skipped words are PyLate's and RAG-Retrieval's own: the ids of golden.json are fed.
        ids = [case["input_ids"] for case in cases]
        ids = [row[:longest] for row in ids]
        seq = max(map(len, ids))
        batch = {
            "input_ids": np.array([row + [0] * (seq - len(row)) for row in ids], np.int64),
            "attention_mask": np.array([[1] * len(row) + [0] * (seq - len(row)) for row in ids], np.int64),
        }
        batch["token_type_ids"] = np.zeros_like(batch["input_ids"])
        found = session.run(["token_embeddings"], {name: batch[name] for name in names})[0]
        norms = np.linalg.norm(found, axis=-1)
        difference = float(np.abs(norms - 1).max())
    else:
        output, pairs = {"reranker": ("logits", True), "embedding": ("sentence_embedding", False)}[golden["task"]]
        # The last one is cut, to a length that is the model's own.
        kept = range(len(cases) - 1)
        settings = folder / "sentence_bert_config.json"
        stated = json.loads(settings.read_text()) if settings.exists() else {}
        lower, most = stated.get("do_lower_case"), stated.get("max_seq_length") or longest
        clean = lambda text: text.strip().lower() if lower else text.strip()
        texts = [cases[i]["input"] for i in kept]
        given = [[clean(part) for part in text] if pairs else clean(text) for text in texts]
        arguments = list(zip(*given)) if pairs else [given]
        batch = tokenizer(*[list(a) for a in arguments], padding=True, truncation=True, max_length=most, return_tensors="np")
        for row, mask, i in zip(batch["input_ids"], batch["attention_mask"], kept):
            assert row[mask == 1].tolist() == cases[i]["input_ids"], (folder.name, i)
        if output not in [value.name for value in session.get_outputs()]:
            print(f"{folder.name}: no {output}")
            continue
        feeds = {name: batch[name].astype(np.int64) if name in batch else np.zeros_like(batch["input_ids"], np.int64) for name in names}
        found = session.run([output], feeds)[0]
        assert np.abs(found).max() > 1e-3, folder.name
        difference = float(np.abs(found - np.array([cases[i]["output"] for i in kept])).max())
    worst[folder.name] = difference
    print(f"{folder.name}: {golden['task']}, inputs {names}, batch {found.shape}, largest difference {difference:.2e}")
    assert difference < 1e-5, folder.name
assert worst
