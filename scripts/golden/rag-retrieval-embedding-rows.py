"""What the embedding loaders of RAG-Retrieval yield for a file, as counts, score sums and hashes of the rows.

Writes packages/data/src/fixtures/rag-retrieval-embedding-rows.json. Python's standard library only; negatives are drawn
from seed 666, and hashed in sorted order where neg_nums is a multiple of their count, so that the draw does not show.

    python scripts/golden/rag-retrieval-embedding-rows.py --t2rank <folder with t2rank_100.jsonl and lmsft.jsonl> \
        > packages/data/src/fixtures/rag-retrieval-embedding-rows.json

Four loaders of commit 950da57, told in our own words; a prompt_for_query that is not empty stands before the query:
  pair      of each line every positive, as (query, passage)
  triplet   of each line every positive with neg_nums negatives; fewer are repeated ceil(neg_nums / count) times, and
            then neg_nums are chosen without putting back (the ColBERT loader's rows are these where no prompt is given)
  scored    of each line every passage with its score
  text      the query of each line, whatever else it holds (distillation)

Canonical row: the texts joined by NUL, in a scored row NUL and the score as 16 hexadecimal digits (IEEE 754 double,
big-endian), LF, in UTF-8.
"""

import argparse
import hashlib
import json
import math
import pathlib
import platform
import random
import struct

SEED = 666
FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "data" / "src" / "fixtures"


def rows_of(record, loader, neg_nums):
    query = (record.get("prompt_for_query") or "") + record["query"]
    if loader == "text":
        yield [query], None
        return
    for place, passage in enumerate(record["pos"]):
        if loader == "pair":
            yield [query, passage], None
        elif loader == "scored":
            yield [query, passage], record["scores"][place]
        else:
            copies = math.ceil(neg_nums / len(record["neg"]))
            if copies * len(record["neg"]) != neg_nums:
                raise ValueError(f"neg_nums {neg_nums} is no multiple of {len(record['neg'])} negatives")
            drawn = random.sample(record["neg"] * copies, neg_nums)
            yield [query, passage, *sorted(drawn, key=lambda text: text.encode("utf-8"))], None


def summarize(path, loader, neg_nums=None):
    digest = hashlib.sha256()
    count, total = 0, 0.0
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            for texts, score in rows_of(json.loads(line), loader, neg_nums):
                count += 1
                total += score or 0
                parts = texts if score is None else [*texts, struct.pack(">d", score).hex()]
                digest.update(("\0".join(parts) + "\n").encode("utf-8"))
    return {
        "file": path.name,
        "loader": loader,
        "negNums": neg_nums,
        "rows": count,
        "scoreSum": total,
        "sha256": digest.hexdigest(),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--t2rank", type=pathlib.Path, required=True)
    t2rank = parser.parse_args().t2rank
    random.seed(SEED)
    result = {
        "script": "scripts/golden/rag-retrieval-embedding-rows.py",
        "versions": {"python": platform.python_version()},
        "seed": SEED,
        "small": [
            summarize(FIXTURES / "pairs.jsonl", "pair"),
            summarize(FIXTURES / "triplets.jsonl", "triplet", 6),
            summarize(FIXTURES / "triplets.jsonl", "triplet", 12),
            summarize(FIXTURES / "scored-lists.jsonl", "scored"),
            summarize(FIXTURES / "texts.jsonl", "text"),
            summarize(FIXTURES / "triplets.jsonl", "text"),
        ],
        "t2rank": [
            summarize(t2rank / "t2rank_100.jsonl", "triplet", 15),
            summarize(t2rank / "t2rank_100.jsonl", "triplet", 30),
            summarize(t2rank / "t2rank_100.jsonl", "text"),
            summarize(t2rank / "lmsft.jsonl", "scored"),
        ],
    }
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
