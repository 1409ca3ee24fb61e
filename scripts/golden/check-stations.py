"""Python's station of scripts/stations.test.ts: opens the directories that it kept and prints the largest difference per model.

    RAG_LONG=1 RAG_STATIONS=<folder> npx vitest run --project house scripts/stations.test.ts
    python scripts/golden/check-stations.py <folder>

Each model is opened by transformers (AutoModelForSequenceClassification, AutoModel) and, rerankers and embedding models, by
sentence-transformers (CrossEncoder, SentenceTransformer). Tried with torch 2.13, transformers 5.18, sentence-transformers 6.
Exits with 1 where a difference is above 1e-4. No seed: nothing is drawn.
"""

import json
import sys
from pathlib import Path

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-4


def reranker(model, pairs):
    queries, passages = zip(*pairs)
    tokenizer = AutoTokenizer.from_pretrained(model)
    opened = AutoModelForSequenceClassification.from_pretrained(model).eval()
    encoded = tokenizer(list(queries), list(passages), padding=True, truncation=True, return_tensors="pt")
    yield "transformers", opened(**encoded).logits.flatten()
    scores = CrossEncoder(model, device="cpu").predict([list(pair) for pair in pairs], activation_fn=torch.nn.Identity())
    yield "sentence-transformers", torch.tensor(scores)


def embedding(model, pairs):
    passages = [passage for _, passage in pairs]
    tokenizer = AutoTokenizer.from_pretrained(model)
    opened = AutoModel.from_pretrained(model).eval()
    encoded = tokenizer(passages, padding=True, truncation=True, return_tensors="pt")
    hidden = opened(**encoded).last_hidden_state
    mask = encoded["attention_mask"].unsqueeze(-1)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    yield "transformers", torch.nn.functional.normalize(mean, dim=-1).flatten()
    vectors = SentenceTransformer(model, device="cpu").encode(passages, normalize_embeddings=True)
    yield "sentence-transformers", torch.tensor(vectors).flatten()


def colbert(model, pairs):
    tokenizer = AutoTokenizer.from_pretrained(model)
    opened = AutoModel.from_pretrained(model).eval()
    projection = torch.load(f"{model}/colbert_linear.pt", weights_only=True)
    found = []
    for side in (0, 1):
        for pair in pairs:
            hidden = opened(**tokenizer(pair[side], return_tensors="pt")).last_hidden_state
            vectors = torch.nn.functional.linear(hidden, projection["weight"], projection["bias"])
            found.append(torch.nn.functional.normalize(vectors[0, 1:], dim=-1).flatten())
    yield "transformers", torch.cat(found)


def main(folder):
    worst = 0.0
    for path in sorted(Path(folder).glob("*.ours.json")):
        name = path.name.removesuffix(".ours.json")
        record = json.loads(path.read_text())
        ours = torch.tensor(record["ours"])
        check = {"reranker": reranker, "embedding": embedding, "colbert": colbert}[record["task"]]
        with torch.no_grad():
            for tool, values in check(f"{folder}/{name}/model", record["pairs"]):
                same = values.shape == ours.shape
                difference = (values - ours).abs().max().item() if same else float("inf")
                worst = max(worst, difference)
                print(f"{name:24} {tool:24} {difference:.1e}")
    print(f"largest: {worst:.1e}")
    return worst <= TOLERANCE


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
