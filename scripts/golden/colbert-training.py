"""One step of ColBERT training as PyTorch computes it: scores, loss and gradients.

Writes packages/colbert/src/training/fixtures/{golden.json, model.safetensors}: a tiny random BERT and projection, texts, and
for each case the scores, the summed loss and four gradients. `compat` follows RAG-Retrieval's ColBERT: both sides padded
to their full length, vectors of pad and cls zero, zero vectors in the maximum, sums divided by the number of query tokens
after the first, own positive against all negatives of the batch. `default` keeps masked rows out of the maximum and what
is known to be a positive out of the negatives. Computed in float64.
Run: python scripts/golden/colbert-training.py   (torch 2.13.0, transformers 5.18.0; the header says which)
"""

import json
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import safetensors.torch
import torch
import torch.nn.functional as F
import transformers

FIXTURES = Path(__file__).resolve().parents[2] / "packages/colbert/src/training/fixtures"
SEED = 20261121
QUERY_LENGTH, PASSAGE_LENGTH, DIM, TEMPERATURE = 10, 16, 6, 0.02
WORDS = "the a of in cat dog moon sun sat ran red blue why does what is bright night day ? .".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
CONFIG = dict(
    vocab_size=len(VOCABULARY),
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    hidden_act="gelu",
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    max_position_embeddings=24,
    type_vocab_size=2,
    layer_norm_eps=1e-12,
    initializer_range=0.2,
    pad_token_id=0,
)
CONTRASTIVE = [
    dict(
        query="why is the moon bright",
        positive="the moon is bright at night the sun lights the moon in the night of the day sun",
        negatives=["a cat sat", "the dog ran in the day"],
    ),
    dict(
        query="what does the cat see ?",
        positive="the cat sat in the sun",
        negatives=["red moon", "blue dog . red dog . a dog ran"],
    ),
    # Known positives among the negatives: its own, and that of the first query, which it asks too.
    dict(
        query="why is the moon bright",
        positive="bright sun of the day",
        negatives=["bright sun of the day", "night"],
    ),
]
SCORED = [
    dict(query="red cat", contents=["the red cat sat", "a dog", "the moon"], scores=[0.9, 0.1, -0.2]),
    dict(query="what ran in the night ?", contents=["a dog ran in the night", "sun"], scores=[0.55, 0.5]),
]
GRADIENTS = [
    "linear.weight",
    "linear.bias",
    "encoder.layer.0.attention.self.value.weight",
    "embeddings.word_embeddings.weight",
]

torch.manual_seed(SEED)
encoder = transformers.BertModel(transformers.BertConfig(**CONFIG, attn_implementation="eager"), add_pooling_layer=False)
linear = torch.nn.Linear(CONFIG["hidden_size"], DIM)
with torch.no_grad():
    for name, parameter in [*encoder.named_parameters(), *linear.named_parameters()]:
        # Words far apart, so that some passages have nothing near a query's token and zero vectors matter.
        spread = 2.0 if name.endswith("word_embeddings.weight") else 0.2
        parameter.copy_(torch.randn(parameter.shape) * spread)
        if name.endswith("LayerNorm.weight"):
            parameter.add_(1)
state = {**encoder.state_dict(), **{f"linear.{name}": value for name, value in linear.state_dict().items()}}
state = {name: value.contiguous() for name, value in state.items() if value.is_floating_point()}
encoder.double().eval()
linear.double()


def ids(text, length):
    words = [VOCABULARY.index(word) if word in VOCABULARY else 1 for word in text.split()][: length - 2]
    real = [2, *words, 3]
    return real + [0] * (length - len(real)), [1] * len(real) + [0] * (length - len(real))


def vectors(texts, length):
    """[texts, length - 1, DIM], normalised, zero where the id is pad or cls; and the mask of the others."""
    rows = [ids(text, length) for text in texts]
    input_ids, attention_mask = (torch.tensor(part) for part in zip(*rows))
    hidden = encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    real = ((input_ids != 0) & (input_ids != 2))[:, 1:]
    out = F.normalize(linear(hidden[:, 1:]) * real.unsqueeze(-1), dim=-1)
    return out, real, attention_mask[:, 1:].sum(1)


def max_sim(queries, passages, compat):
    (q, _, counts), (p, real, _) = vectors(queries, QUERY_LENGTH), vectors(passages, PASSAGE_LENGTH)
    products = torch.einsum("qid,pjd->qpij", q, p)
    if not compat:
        products = products.masked_fill(~real[None, :, None, :], -torch.inf)
    # Zero query rows have products of 0, or of -inf where masked: they count nothing.
    best = products.max(-1).values
    best = torch.where((q.abs().sum(-1) > 0)[:, None, :], best, 0.0)
    return best.sum(-1) / counts[:, None]


def contrastive(compat):
    columns = [text for row in CONTRASTIVE for text in [row["positive"], *row["negatives"]]]
    targets = [columns.index(row["positive"]) for row in CONTRASTIVE]
    scores = max_sim([row["query"] for row in CONTRASTIVE], columns, compat)
    total = 0.0
    for i, row in enumerate(CONTRASTIVE):
        known = [other["positive"] for other in CONTRASTIVE if other["query"] == row["query"]]
        kept = [j for j in range(len(columns)) if j not in targets and (compat or columns[j] not in known)]
        logits = scores[i, [targets[i], *kept]] / TEMPERATURE
        total = total + F.cross_entropy(logits[None], torch.tensor([0]), reduction="sum")
    return scores, total


def scored(compat):
    width = max(len(row["contents"]) for row in SCORED)
    scores = torch.zeros(len(SCORED), width, dtype=torch.float64)
    total = 0.0
    for i, row in enumerate(SCORED):
        own = max_sim([row["query"]], row["contents"], compat)[0]
        scores[i, : len(own)] = own
        teacher = torch.tensor(row["scores"], dtype=torch.float64)
        total = total + F.kl_div(
            F.log_softmax(own / TEMPERATURE, -1), F.softmax(teacher / TEMPERATURE, -1), reduction="sum"
        )
    return scores, total


def step(compute, compat):
    parameters = {**dict(encoder.named_parameters()), **{f"linear.{k}": v for k, v in linear.named_parameters()}}
    for parameter in parameters.values():
        parameter.grad = None
    scores, total = compute(compat)
    total.backward()
    gradients = {name: parameters[name].grad.float().flatten().tolist() for name in GRADIENTS}
    return dict(scores=scores.tolist(), sum=total.item(), gradients=gradients)


golden = dict(
    header=dict(
        script="scripts/golden/colbert-training.py",
        torch=torch.__version__,
        transformers=transformers.__version__,
        seed=SEED,
    ),
    config=dict(CONFIG, model_type="bert", architectures=["BertModel"]),
    vocabulary=VOCABULARY,
    query_length=QUERY_LENGTH,
    document_length=PASSAGE_LENGTH,
    dim=DIM,
    contrastive=CONTRASTIVE,
    scored=SCORED,
    steps={
        "in-batch": dict(default=step(contrastive, False), compat=step(contrastive, True)),
        "scored": dict(default=step(scored, False), compat=step(scored, True)),
    },
)
FIXTURES.mkdir(parents=True, exist_ok=True)
safetensors.torch.save_file(state, FIXTURES / "model.safetensors")
(FIXTURES / "golden.json").write_text(json.dumps(golden) + "\n")
