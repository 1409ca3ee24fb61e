"""What the loaders of RAG-Retrieval yield for a file, as counts, label sums and hashes of the rows.

Writes packages/data/src/fixtures/rag-retrieval-rows.json. Python's standard library only; nothing is drawn at random.

    python scripts/golden/rag-retrieval-rows.py --t2rank <folder with t2rank_100*.jsonl> \
        > packages/data/src/fixtures/rag-retrieval-rows.json

Three loaders, told in our own words:
  lists     reranker of commit 4193c8c: of each line every positive, then every negative, as (query, passage, label);
            a side with scores is scaled by (x - min) / (max - min), else positives are 1 and negatives 0
  scored    the first generation's distillation rows {query, content, score}, the score possibly a string
  labelled  reranker of commit 950da57, pointwise: one row per line under the label key, scaled the same way

Canonical row: query NUL passage NUL label as 16 hexadecimal digits (IEEE 754 double, big-endian) LF, in UTF-8.
"""

import argparse
import hashlib
import json
import pathlib
import platform
import struct

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "data" / "src" / "fixtures"


def scaled(value, low, high):
    value = float(value)
    if not low <= value <= high:
        raise ValueError(f"label {value} outside {low}..{high}")
    return (value - low) / (high - low)


def rows_of(record, loader, low, high, key):
    query = record["query"]
    if loader != "lists":
        yield query, record["content"], scaled(record[key], low, high)
        return
    for side, plain in (("pos", 1.0), ("neg", 0.0)):
        scores = record.get(side + "_scores")
        for place, passage in enumerate(record.get(side, [])):
            yield query, passage, plain if scores is None else scaled(scores[place], low, high)


def summarize(path, loader, low, high, key):
    digest = hashlib.sha256()
    count, total, lines = 0, 0.0, 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            lines += 1
            for query, passage, label in rows_of(json.loads(line), loader, low, high, key):
                count += 1
                total += label
                digest.update(f"{query}\0{passage}\0{struct.pack('>d', label).hex()}\n".encode("utf-8"))
    return {
        "file": path.name,
        "loader": loader,
        "labelKey": key,
        "min": low,
        "max": high,
        "lines": lines,
        "rows": count,
        "labelSum": total,
        "sha256": digest.hexdigest(),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--t2rank", type=pathlib.Path, required=True)
    t2rank = parser.parse_args().t2rank
    result = {
        "script": "scripts/golden/rag-retrieval-rows.py",
        "versions": {"python": platform.python_version()},
        "seed": None,
        "small": [
            summarize(FIXTURES / "lists.jsonl", "lists", 0, 1, None),
            summarize(FIXTURES / "graded.jsonl", "lists", 0, 3, None),
            summarize(FIXTURES / "scored.jsonl", "scored", 0, 1, "score"),
            summarize(FIXTURES / "labelled.jsonl", "labelled", 0, 2, "label"),
        ],
        "t2rank": [
            summarize(t2rank / "t2rank_100.jsonl", "lists", 0, 1, None),
            summarize(t2rank / "t2rank_100.distill.standard.jsonl", "lists", 0, 1, None),
            summarize(t2rank / "t2rank_100.distill.jsonl", "scored", 0, 1, "score"),
            summarize(t2rank / "t2rank_100.distill.jsonl", "labelled", 0, 1, "score"),
        ],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
