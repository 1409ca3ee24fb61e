"""What Python's csv module and the batching of the MasteringRAG notebooks make of a table of questions and answers.

Writes packages/data/src/fixtures/qa-samples.json, the table's text in it (CRLF, quoted where it must be). Python's
standard library only; nothing is drawn at random.

    python scripts/golden/qa-samples.py

Batching, told in our own words (Steven-Luo/MasteringRAG, build_embedding_sample_v1.ipynb and v2): rows of the split,
then the first row of each question; of N rows each gives min(n_neg_batch, ceil((N - 1) / neg_batch_size)) samples;
batch b of a row is that slice of the other rows' answers, in table order, without answers equal to the row's own.
"""

import csv
import io
import json
import math
import pathlib
import platform

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "packages" / "data" / "src" / "fixtures"
HEADER = ["", "question", "answer", "context", "qa_type", "dataset"]
ROWS = [
    ["Capital of Peru?", "Lima", 'The capital, "Lima", lies on the coast.', "city", "train"],
    ["Capital of Chile?", "Santiago, in the centre", "Santiago is\r\nChile's capital.", "city", "train"],
    ["Where is Quito?", "Ecuador", "Quito is Ecuador's capital.", "city", "test"],
    ["Capital of Peru?", "It is Lima", "Asked a second time.", "city", "train"],
    ["首都在哪里？", "Lima", "利马是首都。", "city", "train"],
    ["Longest river?", '"the Nile"', "The Nile, or the\nAmazon.", "river", "train"],
    ["Widest river?", "Amazon", "The Amazon.", "river", "train"],
    ["Deepest river?", "Congo", "The Congo.", "river", "train"],
    ["Capital of Bolivia?", "Sucre", ",", "city", "train"],
    ["Driest city?", " Arica ", "Arica", "city", "train"],
]


def samples(rows, column, neg_batch_size, n_neg_batch, where):
    rows = [row for row in rows if all(row[key] == value for key, value in where.items())]
    first = {}
    for row in rows:
        first.setdefault(row["question"], row[column])
    pairs = list(first.items())
    count = min(n_neg_batch, math.ceil((len(pairs) - 1) / neg_batch_size))
    made = []
    for place, (question, answer) in enumerate(pairs):
        others = [other for _, other in pairs[:place] + pairs[place + 1 :]]
        for batch in range(count):
            cut = others[batch * neg_batch_size : (batch + 1) * neg_batch_size]
            made.append({"query": question, "pos": [answer], "neg": [text for text in cut if text != answer]})
    return made


written = io.StringIO(newline="")
writer = csv.writer(written)
writer.writerow(HEADER)
for number, row in enumerate(ROWS):
    writer.writerow([number, *row])
read = list(csv.DictReader(io.StringIO(written.getvalue(), newline="")))
assert [list(row.values())[1:] for row in read] == ROWS

RUNS = [
    {"passage": "answer", "neg_batch_size": 3, "n_neg_batch": 32, "where": {"dataset": "train"}},
    {"passage": "answer", "neg_batch_size": 2, "n_neg_batch": 2, "where": {"dataset": "train"}},
    {"passage": "answer", "neg_batch_size": 1, "n_neg_batch": 4, "where": {"dataset": "train"}},
    {"passage": "context", "neg_batch_size": 16, "n_neg_batch": 32, "where": {"dataset": "train", "qa_type": "city"}},
]
for run in RUNS:
    run["samples"] = samples(read, run["passage"], run["neg_batch_size"], run["n_neg_batch"], run["where"])
expected = {
    "script": "scripts/golden/qa-samples.py",
    "python": platform.python_version(),
    "seed": None,
    "rows": [[str(number), *row] for number, row in enumerate(ROWS)],
    "csv": written.getvalue(),
    "header": HEADER,
    "runs": RUNS,
}
text = json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
(FIXTURES / "qa-samples.json").write_text(text, encoding="utf-8", newline="\n")
