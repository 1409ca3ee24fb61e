"""What sentence-transformers and scikit-learn make of a small BEIR collection and small MTEB reranking samples.

Writes packages/train/src/benchmark/fixtures/nano-benchmark.json: judgements with grades, scores of every document for
every query, samples {query, positive, negative} with the scores of their pairs, and the metrics. Scores are drawn with
seed 7 and all differ, so that no tie is broken by anybody's habit.

    python scripts/golden/nano-benchmark.py

nDCG@10 over grades is scikit-learn's ndcg_score (linear gain, as pytrec_eval's ndcg_cut_10 for BEIR); over relevant or
not, MRR@10, MAP@100 and recall come of InformationRetrievalEvaluator; MAP, MRR@10 and nDCG@10 of the samples of
CrossEncoderRerankingEvaluator, whose formulas are those of MTEB's reranking tasks.
"""

import importlib.metadata
import json
import pathlib
import random

import numpy as np
from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sklearn.metrics import ndcg_score

FIXTURE = (
    pathlib.Path(__file__).resolve().parents[2]
    / "packages/train/src/benchmark/fixtures/nano-benchmark.json"
)
SEED = 7


class Stub:
    """A model that looks scores up."""

    def __init__(self, scores):
        self.scores = scores
        self.model_card_data = None

    def predict(self, pairs, **_):
        return np.array([self.scores[query][passage] for query, passage in pairs])


class Quiet(CrossEncoderRerankingEvaluator):
    def store_metrics_in_model_card_data(self, *_):
        pass


def main() -> None:
    draw = random.Random(SEED)
    documents = [f"d{i}" for i in range(30)]
    queries = [f"q{i}" for i in range(8)]
    score = lambda: round(draw.uniform(-4, 4), 6)
    qrels = {
        query: {document: draw.choice([0, 1, 1, 2]) for document in draw.sample(documents, draw.randint(2, 6))}
        | {draw.choice(documents): 2}
        for query in queries
    }
    scores = {query: {document: score() for document in documents} for query in queries}

    graded = np.mean(
        [
            ndcg_score(
                [[qrels[q].get(d, 0) for d in documents]], [[scores[q][d] for d in documents]], k=10
            )
            for q in queries
        ]
    )
    evaluator = InformationRetrievalEvaluator(
        queries={q: q for q in queries},
        corpus={d: d for d in documents},
        relevant_docs={q: {d for d, grade in qrels[q].items() if grade > 0} for q in queries},
        write_csv=False,
    )
    results = [
        sorted(
            ({"corpus_id": d, "score": scores[q][d]} for d in documents), key=lambda x: -x["score"]
        )
        for q in evaluator.queries_ids
    ]
    found = evaluator.compute_metrics(results)

    samples = []
    for i in range(6):
        positive, negative = draw.randint(1, 3), draw.randint(1, 14)
        samples.append(
            {
                "query": f"sample {i}",
                "positive": [f"sample {i} positive {j}" for j in range(positive)],
                "negative": [f"sample {i} negative {j}" for j in range(negative)],
            }
        )
    pair_scores = {
        s["query"]: {p: score() for p in s["positive"] + s["negative"]} for s in samples
    }
    reranked = Quiet(samples, at_k=10, write_csv=False)(Stub(pair_scores))

    versions = {
        name: importlib.metadata.version(name) for name in ("sentence-transformers", "scikit-learn", "numpy")
    }
    fixture = {
        "written_by": "scripts/golden/nano-benchmark.py",
        "versions": versions,
        "seed": SEED,
        "qrels": qrels,
        "scores": scores,
        "retrieval": {
            "ndcg@10": float(graded),
            "mrr@10": float(found["mrr@k"][10]),
            "map@100": float(found["map@k"][100]),
            "recall@10": float(found["recall@k"][10]),
        },
        "samples": samples,
        "pair_scores": pair_scores,
        "reranking": {name: float(reranked[name]) for name in ("map", "mrr@10", "ndcg@10")},
    }
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


main()
