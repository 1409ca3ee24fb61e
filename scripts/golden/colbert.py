"""Tiny random ColBERT directories of every layout, and what their Python computes with them.

Writes packages/colbert/src/fixtures/<case>/: the directory's own files and golden.json.
Run: python scripts/golden/colbert.py   (torch 2.13.0, transformers 5.18.0, scipy 1.17.1; the numbers' header says which)

The models are written out below in plain torch, in our own words, after
  rag-retrieval    RAG-Retrieval, colbert/model.py: linear over positions 1…, pad and cls masked to zero vectors, both sides padded to
                   their full length, the sum divided by the query's attention mask without its first position
  pylate*          PyLate, models/colbert.py: a marker after the first token, queries filled up with [MASK], a skiplist for documents,
                   Dense layers, vectors of masked tokens left out, the sum not divided; and its pooling of document tokens
  colbertv2        Stanford's ColBERT, modeling/colbert.py: the same with markers of the vocabulary; everything in one model file
"""

import json
import shutil
import string
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import numpy as np
import scipy
import torch
import transformers
from safetensors.torch import save_file
from scipy.cluster import hierarchy
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

FIXTURES = Path(__file__).resolve().parents[2] / "packages/colbert/src/fixtures"
SEED = 20261121
SPREAD = 0.3
WORDS = "the a cat dog moon sun sat ran red why is bright ##s night 猫 月 亮 为 什 么 。 , ! ? . -".split()
QUERIES = ["why is the moon bright", "the cat", "  Cats? ", "为什么月亮亮", "the [CLS] moon [PAD] zzz", "red red red red red red red red red red"]
PASSAGES = [
    "the sun is bright, the moon is bright. why?",
    "a cat sat!",
    "",
    "月亮亮 - the moon [CLS] ran zzz",
    "the dog ran, the dog sat, the red dog ran, a red cat sat. the night is the night! the moons",
]


def spelled(texts):
    # RoBERTa counts no position for a pad that a text spells; our encoders do.
    return [text.replace("[PAD]", "[MASK]") for text in texts]


def vocabulary(pad_first):
    first = ["[PAD]", "[UNK]"] if pad_first else ["[UNK]", "[PAD]"]
    return first + ["[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused1]"] + WORDS


def tokenizer_of(vocab, markers=()):
    ids = {token: i for i, token in enumerate(vocab)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tokenizer.add_tokens([AddedToken(marker, normalized=False) for marker in markers])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


COMMON = dict(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=40,
    initializer_range=SPREAD,
)


def random_model(roberta, vocab_size, seed):
    if roberta:
        config = transformers.RobertaConfig(**COMMON, vocab_size=vocab_size, type_vocab_size=1, pad_token_id=1)
        model = transformers.RobertaModel(config, add_pooling_layer=False)
    else:
        config = transformers.BertConfig(**COMMON, vocab_size=vocab_size, type_vocab_size=2, pad_token_id=0)
        model = transformers.BertModel(config, add_pooling_layer=False)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * SPREAD)
            if name.endswith("LayerNorm.weight"):
                parameter.add_(1)
    return model.eval(), generator


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator) * SPREAD


@torch.no_grad()
def rag_retrieval(folder):
    tokenizer = tokenizer_of(vocabulary(True))
    model, generator = random_model(False, len(tokenizer), SEED)
    linear = torch.nn.Linear(16, 6)
    linear.weight.copy_(normal(generator, 6, 16))
    # Vectors around zero, so that some tokens have no like in some passage: only then does padding score.
    everything = tokenizer(QUERIES + PASSAGES, padding=True, return_tensors="pt")
    hidden = model(everything["input_ids"], everything["attention_mask"]).last_hidden_state
    linear.bias.copy_(-(hidden[everything["attention_mask"].bool()] @ linear.weight.T).mean(0))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    torch.save(linear.state_dict(), folder / "colbert_linear.pt")
    lengths = {"query": 12, "passage": 24}
    masked = torch.tensor([tokenizer.pad_token_id, tokenizer.cls_token_id])

    def encode(texts, length):
        batch = tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        hidden = model(batch["input_ids"], batch["attention_mask"]).last_hidden_state
        keep = (~torch.isin(batch["input_ids"], masked))[:, 1:]
        vectors = linear(hidden[:, 1:]) * keep.float().unsqueeze(-1)
        return torch.nn.functional.normalize(vectors, dim=-1), keep, batch["attention_mask"]

    queries, query_keep, query_mask = encode(QUERIES, lengths["query"])
    passages, passage_keep, _ = encode(PASSAGES, lengths["passage"])
    similarity = torch.einsum("qid,pjd->qpij", queries, passages)
    # As the original: zero vectors take part in the maximum.
    padded = similarity.max(-1).values.sum(-1) / query_mask[:, 1:].sum(-1, keepdim=True)
    # As it is meant: a masked passage token is never the best one, and only vectors that count are counted.
    correct = similarity.masked_fill(~passage_keep[None, :, None, :], -torch.inf).max(-1).values
    correct = (correct * query_keep[:, None]).sum(-1) / query_keep.sum(-1)[:, None]
    # The first position does not count, so none is protected.
    pooled = [pool(v[k], 2, protected=0) for v, k in zip(passages, passage_keep)]
    means = [[(q[k] @ p.T).max(-1).values.mean().item() for p in pooled] for q, k in zip(queries, query_keep)]
    return {
        "lengths": lengths,
        "pooled_scores": means,
        "pooled_vectors": [v.tolist() for v in pooled],
        "scores": correct.tolist(),
        "padded_scores": padded.tolist(),
        "query_vectors": [v[k].tolist() for v, k in zip(queries, query_keep)],
        "passage_vectors": [v[k].tolist() for v, k in zip(passages, passage_keep)],
    }


def pool(vectors, factor, protected=1):
    """PyLate's pool_embeddings_hierarchical, clusters by their first token."""
    kept, rest = vectors[:protected], vectors[protected:]
    clusters = max(len(rest) // factor, 1)
    if clusters >= len(rest):
        return vectors
    distances = (1 - rest @ rest.T).numpy()[np.triu_indices(len(rest), k=1)]
    labels = hierarchy.fcluster(hierarchy.linkage(distances, method="ward"), t=clusters, criterion="maxclust")
    means = [rest[torch.from_numpy(labels == label)].mean(0) for label in dict.fromkeys(labels.tolist())]
    return torch.cat([kept, torch.stack(means)])


@torch.no_grad()
def late_interaction(model, tokenizer, project, settings):
    """PyLate's and Stanford's encoding and scores for settings by PyLate's names."""
    query_id, document_id = (tokenizer.convert_tokens_to_ids(settings[key]) for key in ("query_prefix", "document_prefix"))
    skiplist = torch.tensor([tokenizer.convert_tokens_to_ids(word) for word in settings["skiplist_words"]])
    tokenizer.pad_token_id = tokenizer.mask_token_id

    def encode(texts, marker, length, expand):
        padding = "max_length" if expand else True
        batch = tokenizer(
            [text.strip() for text in texts], padding=padding, truncation=True, max_length=length - 1, return_tensors="pt"
        )
        insert = lambda x, value: torch.cat([x[:, :1], torch.full_like(x[:, :1], value), x[:, 1:]], 1)
        ids, attention = insert(batch["input_ids"], marker), insert(batch["attention_mask"], 1)
        real = attention.bool()
        if expand and settings["attend_to_expansion_tokens"]:
            attention = torch.ones_like(attention)
        hidden = model(ids, attention).last_hidden_state
        return torch.nn.functional.normalize(project(hidden), dim=-1), ids, real

    expand = settings["do_query_expansion"]
    queries, ids, real = encode(spelled(QUERIES), query_id, settings["query_length"], expand)
    queries = [v[torch.ones_like(m) if expand else m] for v, m in zip(queries, real)]
    passages, ids, real = encode(PASSAGES, document_id, settings["document_length"], False)
    passages = [v[m] for v, m in zip(passages, real & ~torch.isin(ids, skiplist))]
    pooled = [pool(v, 2) for v in passages]
    score = lambda some: [[(q @ p.T).max(-1).values.sum().item() for p in some] for q in queries]
    return {
        "scores": score(passages),
        "pooled_scores": score(pooled),
        "query_vectors": [v.tolist() for v in queries],
        "passage_vectors": [v.tolist() for v in passages],
        "pooled_vectors": [v.tolist() for v in pooled],
        "queries": spelled(QUERIES),
    }


@torch.no_grad()
def pylate(folder, roberta, layers, settings):
    tokenizer = tokenizer_of(vocabulary(not roberta), (settings["query_prefix"], settings["document_prefix"]))
    model, generator = random_model(roberta, len(tokenizer), SEED + 1 + roberta)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings, indent=1))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 31, "do_lower_case": False}))
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    steps = []
    for i, (width, out, bias, activation, residual) in enumerate(layers, 1):
        dense = folder / f"{i}_Dense"
        dense.mkdir()
        tensors = {"linear.weight": normal(generator, out, width)}
        if bias:
            tensors["linear.bias"] = normal(generator, out)
        if residual and width != out:
            tensors["residual.weight"] = normal(generator, out, width)
        save_file(tensors, dense / "model.safetensors")
        config = dict(
            in_features=width,
            out_features=out,
            bias=bias,
            activation_function=f"{activation.__module__}.{activation.__name__}",
            use_residual=residual,
        )
        (dense / "config.json").write_text(json.dumps(config))
        modules.append({"idx": i, "name": str(i), "path": dense.name, "type": "pylate.models.Dense.Dense"})
        steps.append((tensors, activation(), residual))
    (folder / "modules.json").write_text(json.dumps(modules, indent=1))

    def project(x):
        for tensors, activation, residual in steps:
            y = activation(torch.nn.functional.linear(x, tensors["linear.weight"], tensors.get("linear.bias")))
            if residual:
                y = y + (x @ tensors["residual.weight"].T if "residual.weight" in tensors else x)
            x = y
        return x

    return late_interaction(model, tokenizer, project, settings)


@torch.no_grad()
def colbertv2(folder):
    tokenizer = tokenizer_of(vocabulary(True))
    model, generator = random_model(False, len(tokenizer), SEED + 3)
    weight = normal(generator, 8, 16)
    tokenizer.save_pretrained(folder)
    config = {**json.loads(model.config.to_json_string(use_diff=False)), "architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    state = {f"bert.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file({**state, "linear.weight": weight}, folder / "model.safetensors", metadata={"format": "pt"})
    metadata = dict(
        query_token_id="[unused0]",
        doc_token_id="[unused1]",
        query_token="[Q]",
        doc_token="[D]",
        query_maxlen=14,
        doc_maxlen=20,
        attend_to_mask_tokens=True,
        mask_punctuation=True,
        similarity="cosine",
        dim=8,
    )
    (folder / "artifact.metadata").write_text(json.dumps(metadata, indent=1))
    settings = dict(
        query_prefix="[unused0]",
        document_prefix="[unused1]",
        query_length=14,
        document_length=20,
        do_query_expansion=True,
        attend_to_expansion_tokens=True,
        # Of string.punctuation the first piece of each: those that the vocabulary lacks are [UNK].
        skiplist_words=list(string.punctuation),
    )
    return late_interaction(model, tokenizer, lambda x: x @ weight.T, settings)


IDENTITY, GELU = torch.nn.Identity, torch.nn.GELU
CASES = {
    "rag-retrieval": rag_retrieval,
    "pylate": lambda folder: pylate(
        folder,
        False,
        [(16, 6, False, IDENTITY, False)],
        dict(
            query_prefix="[Q] ",
            document_prefix="[D] ",
            query_length=12,
            document_length=22,
            do_query_expansion=True,
            attend_to_expansion_tokens=False,
            skiplist_words=[",", ".", "!", "?", "-"],
        ),
    ),
    "pylate-roberta": lambda folder: pylate(
        folder,
        True,
        [(16, 12, True, GELU, True), (12, 12, False, IDENTITY, True), (12, 5, True, IDENTITY, False)],
        dict(
            query_prefix="[Q] ",
            document_prefix="[D] ",
            query_length=10,
            document_length=30,
            do_query_expansion=False,
            attend_to_expansion_tokens=True,
            # A word that is no token becomes [UNK], as PyLate looks it up.
            skiplist_words=[".", "nowhere"],
        ),
    ),
    "colbertv2": colbertv2,
}


def rounded(value):
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


for name, make in CASES.items():
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = make(folder)
    header = {
        "script": "scripts/golden/colbert.py",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "scipy": scipy.__version__,
        "seed": SEED,
    }
    golden = {key: rounded(value) for key, value in found.items()}
    (folder / "golden.json").write_text(
        json.dumps({"header": header, "queries": QUERIES, "passages": PASSAGES, **golden}, ensure_ascii=False) + "\n"
    )
