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
# Terms that stand in a text twice, that no passage or no query has, and an unknown word.
UNIFIED = [
    dict(query="why is the moon moon bright", positive="the moon is bright at night the moon", negatives=["a cat sat", "xyz dog"], scores=[3.0, 1.0, -1.0]),
    dict(query="what does the cat see ?", positive="the cat sat in the sun .", negatives=["red moon", "blue dog . red dog"], scores=[2.0, 2.5, 0.0]),
    dict(query="red xyz day", positive="a red day in the sun", negatives=["night", "bright sun of the day"], scores=[1.0, -2.0, 0.5]),
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
sparse_linear = torch.nn.Linear(CONFIG["hidden_size"], 1)
with torch.no_grad():
    sparse_linear.weight.copy_(torch.randn(sparse_linear.weight.shape) * 0.3)
    sparse_linear.bias.fill_(0.1)
state = {
    **encoder.state_dict(),
    **{f"linear.{name}": value for name, value in linear.state_dict().items()},
    **{f"sparse_linear.{name}": value for name, value in sparse_linear.state_dict().items()},
}
state = {name: value.contiguous() for name, value in state.items() if value.is_floating_point()}
encoder.double().eval()
linear.double()
sparse_linear.double()


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


def soft(scores, targets):
    return -(F.log_softmax(scores, -1) * targets).sum(-1).mean()


def terms(texts, length):
    """[texts, vocabulary]: the largest weight of each word of a text, none of pad, unknown, cls and sep."""
    rows = [ids(text, length) for text in texts]
    input_ids, attention_mask = (torch.tensor(part) for part in zip(*rows))
    hidden = encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    weights = torch.relu(sparse_linear(hidden)).squeeze(-1)
    out = []
    for row, tokens in zip(weights, input_ids.tolist()):
        words = [torch.zeros((), dtype=torch.float64)] * len(VOCABULARY)
        for weight, token in zip(row, tokens):
            if token > 3:
                words[token] = torch.maximum(words[token], weight)
        out.append(torch.stack(words))
    return torch.stack(out), F.normalize(hidden[:, 0], dim=-1)


def unified(kind, self_distill):
    """FlagEmbedding's M3 (finetune/embedder/encoder_only/m3/modeling.py), padding out of the maximum."""
    queries, group = [row["query"] for row in UNIFIED], len(UNIFIED[0]["scores"])
    columns = [text for row in UNIFIED for text in [row["positive"], *row["negatives"]]]
    own = torch.arange(len(queries)) * group
    targets = torch.softmax(torch.tensor([row["scores"] for row in UNIFIED], dtype=torch.float64), -1)
    (q_terms, q_dense), (p_terms, p_dense) = terms(queries, QUERY_LENGTH), terms(columns, PASSAGE_LENGTH)
    dense, sparse = q_dense @ p_dense.T / TEMPERATURE, q_terms @ p_terms.T / TEMPERATURE
    late = max_sim(queries, columns, False) / TEMPERATURE

    def one(scores):
        if kind is None:
            return F.cross_entropy(scores, own)
        total = 0.0
        for i in range(group):
            kept = scores.clone()
            for row, start in enumerate(own.tolist()):
                kept[row, start : start + i] = -torch.inf
            total = total + (targets[:, i] * F.cross_entropy(kept, own + i, reduction="none")).mean()
        return total

    ensemble = dense + 0.3 * sparse + late
    loss = (one(dense) + one(ensemble) + 0.1 * one(sparse) + one(late)) / 4
    if self_distill:
        teacher = torch.softmax(ensemble.detach(), -1)
        loss = (loss + (soft(dense, teacher) + 0.1 * soft(sparse, teacher) + soft(late, teacher)) / 3) / 2
    return ensemble * TEMPERATURE, loss * len(queries)


def step(compute, compat):
    parameters = {**dict(encoder.named_parameters()), **{f"linear.{k}": v for k, v in linear.named_parameters()}}
    parameters |= {f"sparse_linear.{k}": v for k, v in sparse_linear.named_parameters()}
    for parameter in parameters.values():
        parameter.grad = None
    scores, total = compute(compat)
    total.backward()
    names = [*GRADIENTS, *(["sparse_linear.weight", "sparse_linear.bias"] if compat is None else [])]
    gradients = {name: parameters[name].grad.float().flatten().tolist() for name in names}
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
    unified=UNIFIED,
    steps={
        "in-batch": dict(default=step(contrastive, False), compat=step(contrastive, True)),
        "scored": dict(default=step(scored, False), compat=step(scored, True)),
        "unified": {
            "labels": step(lambda _: unified(None, False), None),
            "teacher and itself": step(lambda _: unified("m3_kd_loss", True), None),
        },
    },
)
FIXTURES.mkdir(parents=True, exist_ok=True)
safetensors.torch.save_file(state, FIXTURES / "model.safetensors")
(FIXTURES / "golden.json").write_text(json.dumps(golden) + "\n")
