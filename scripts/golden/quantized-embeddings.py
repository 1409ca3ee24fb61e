"""Writes packages/embedding/src/fixtures/quantized-embeddings.json: vectors quantised and searched by sentence-transformers.

`quantize_embeddings` of sentence_transformers.util.quantization gives the bytes of every case; `semantic_search_faiss` (faiss, exact)
the hits of `uint8` and `ubinary` corpora with and without rescoring. `semantic_search_usearch` is not run: hits of `int8` are the
same two passes written here in NumPy (dot products of bytes, then of the float query with the bytes). Hits of equal score are
ordered by row, and k is the least from 3 up whose first pass ends without a tie, since faiss leaves the order of ties open.
Arrays are base64, little-endian. Vectors lie in six clusters; dimension 5 has one value, some numbers are 0 and -0.
Run: python scripts/golden/quantized-embeddings.py   (the fixture's header has seed and versions)
"""

import base64
import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import faiss
import numpy as np
import sentence_transformers
from sentence_transformers.util.quantization import quantize_embeddings, semantic_search_faiss

FIXTURE = Path(__file__).resolve().parents[2] / "packages/embedding/src/fixtures/quantized-embeddings.json"
SEED, ROWS, DIM, QUERIES, CALIBRATION = 20261121, 120, 32, 4, 100
random = np.random.default_rng(SEED)


def clustered(rows, centers):
    vectors = centers[random.integers(len(centers), size=rows)] + 0.7 * random.standard_normal((rows, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors.astype(np.float32)
    vectors[:, 5] = np.float32(0.1)
    return vectors


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def dots(queries, codes):
    return queries.astype(np.int64) @ codes.astype(np.int64).T


def first_pass(precision, queries, codes):
    """Scores of all rows, higher is better."""
    if precision == "ubinary":
        return -np.unpackbits(queries[:, None] ^ codes[None], axis=-1).sum(axis=-1, dtype=np.int64)
    return dots(queries, codes)


def clean(scores, count):
    ordered = -np.sort(-scores)
    return ordered[count - 1] > ordered[count]


def hits(found):
    return [[h["corpus_id"], h["score"]] for h in sorted(found, key=lambda h: (-h["score"], h["corpus_id"]))]


def search(precision, corpus, query, codes, query_codes, k, multiplier, ranges):
    if precision == "int8":
        scores = dots(query_codes[None], codes)[0].astype(np.float64)
        if multiplier:
            kept = np.argsort(-scores, kind="stable")[: k * multiplier]
            scores = {row: float(query.astype(np.float64) @ codes[row]) for row in kept.tolist()}
        else:
            scores = dict(enumerate(scores.tolist()))
        best = sorted(scores, key=lambda row: (-scores[row], row))[:k]
        return [[row, scores[row]] for row in best]
    results, _ = semantic_search_faiss(
        query[None],
        corpus_embeddings=codes,
        corpus_precision=precision,
        top_k=k,
        ranges=ranges,
        rescore=multiplier > 0,
        rescore_multiplier=multiplier,
    )
    if precision == "ubinary" and not multiplier:
        # faiss gives distances: the dot product of the signs instead.
        return hits([{"corpus_id": h["corpus_id"], "score": corpus.shape[1] - 2 * h["score"]} for h in results[0]])
    return hits(results[0])


centers = random.standard_normal((6, DIM))
corpus = clustered(ROWS, centers)
corpus[:3, 8], corpus[3:6, 8] = 0.0, -0.0
queries = clustered(QUERIES, centers)
ranges = np.vstack((corpus[:CALIBRATION].min(axis=0), corpus[:CALIBRATION].max(axis=0)))

quantized = []
for precision in ("int8", "uint8", "binary", "ubinary"):
    for dim in (DIM,) if precision.endswith("int8") else (DIM, 20):
        calibrations = (0, CALIBRATION) if precision.endswith("int8") else (0,)
        for calibration in calibrations:
            given = corpus[:calibration, :dim] if calibration else None
            codes = quantize_embeddings(corpus[:, :dim], precision, calibration_embeddings=given)
            quantized.append({"precision": precision, "dim": dim, "calibration": calibration, "data": text(codes)})

searches = []
for precision in ("int8", "uint8", "ubinary"):
    given = ranges if precision.endswith("int8") else None
    codes = quantize_embeddings(corpus, precision, ranges=given)
    query_codes = quantize_embeddings(queries, precision, ranges=given)
    passes = first_pass(precision, query_codes, codes)
    for query in range(QUERIES):
        for multiplier in (0, 2, 4):
            factor = max(multiplier, 1)
            k = next(k for k in range(3, ROWS // factor) if clean(passes[query], k * factor))
            found = search(precision, corpus, queries[query], codes, query_codes[query], k, multiplier, given)
            searches.append({"precision": precision, "query": query, "k": k, "multiplier": multiplier, "hits": found})

FIXTURE.write_text(
    json.dumps(
        {
            "header": f"scripts/golden/quantized-embeddings.py, seed {SEED}, "
            f"sentence-transformers {sentence_transformers.__version__}, faiss {faiss.__version__}, numpy {np.__version__}",
            "dim": DIM,
            "calibration": CALIBRATION,
            "corpus": text(corpus),
            "queries": text(queries),
            "ranges": {"min": text(ranges[0]), "max": text(ranges[1])},
            "quantized": quantized,
            "searches": searches,
        }
    )
    + "\n"
)
