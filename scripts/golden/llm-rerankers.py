"""Tiny random decoders as rerankers, and the scores that Python gives pairs.

Writes packages/reranker/src/fixtures/<case>/ (the checkpoint and golden.json):
  qwen2-scalar      AutoModelForSequenceClassification; pairs as RAG-Retrieval's LLMDecoder.preprocess writes them, padding right
  gemma-yes         AutoModelForCausalLM; pairs as FlagEmbedding's BaseLLMReranker writes them, padding left, the logit of "Yes"
  qwen3-yes-no      AutoModelForCausalLM; pairs as the card of Qwen3-Reranker writes them, padding left, logit of "yes" less that of "no"
  qwen3-logit-score a CrossEncoder of sentence-transformers with a LogitScore module and a chat template
Pairs are written by this script's own words for those procedures; the models are those of transformers.
Run: python scripts/golden/llm-rerankers.py [case …]   (torch 2.13.0, transformers 5.18.0, sentence-transformers 6.0.1)
"""

import json
import shutil
import sys
from pathlib import Path

import sentence_transformers
import tokenizers
import torch
import transformers
from sentence_transformers import CrossEncoder
from sentence_transformers.base.modules import Transformer
from sentence_transformers.cross_encoder.modules import LogitScore
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

FIXTURES = Path(__file__).resolve().parents[2] / "packages/reranker/src/fixtures"
SEED = 20261121
PAIRS = [
    ["why is the sky blue?", "Air scatters blue light."],
    ["  为什么天空是蓝色的", "空气散射蓝光。\n"],
    ["sky", ""],
    ["is it?\n", "It is: the document says so, at length, again and again and again and again."],
]
# The pattern by which Qwen2's tokenizer makes words.
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<bos>", "<pad>"]
QUESTION = "Given a query A and a passage B, determine whether the passage contains an answer to the query by providing a prediction of either 'Yes' or 'No'."
SYSTEM = 'Judge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".'
INSTRUCT = "Given a web search query, retrieve relevant passages that answer the query"
CHAT = (
    "{% for m in messages %}{% if m['role'] == 'query' %}<|im_start|>user\nQuery: {{ m['content'] }}\n"
    "{% elif m['role'] == 'document' %}Document: {{ m['content'] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer_of(begin, chat=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    texts = [QUESTION, SYSTEM, INSTRUCT, "query: document: relevance Yes yes no No A: B: <Query>: <Document>: <Instruct>:"] * 4
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=[], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator(texts + [t for pair in PAIRS for t in pair], trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS])
    if begin:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", tokenizer.token_to_id("<bos>"))]
        )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<pad>",
        **({"bos_token": "<bos>"} if begin else {}),
    )
    if chat:
        fast.chat_template = chat
    return fast


def config_of(model_type, tokenizer, **extra):
    common = dict(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=24,
        head_dim=4,
        max_position_embeddings=256,
        initializer_range=0.4,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    if model_type == "qwen2":
        del common["head_dim"]
    return transformers.AutoConfig.for_model(model_type, **{**common, **extra})


def padded(sequences, pad, side):
    longest = max(map(len, sequences))
    fill = [[pad] * (longest - len(s)) for s in sequences]
    mask = [[0] * len(f) for f in fill]
    if side == "left":
        return torch.tensor([f + s for f, s in zip(fill, sequences)]), torch.tensor(
            [m + [1] * len(s) for m, s in zip(mask, sequences)]
        )
    return torch.tensor([s + f for f, s in zip(fill, sequences)]), torch.tensor(
        [[1] * len(s) + m for m, s in zip(mask, sequences)]
    )


@torch.no_grad()
def logits_of(model, sequences, pad, side):
    ids, mask = padded(sequences, pad, side)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    return model(input_ids=ids, attention_mask=mask, position_ids=positions).logits


def write(case, model, tokenizer, golden):
    directory = FIXTURES / case
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    save_golden(directory, golden)


def save_golden(directory, golden):
    written_by = (
        f"scripts/golden/llm-rerankers.py, transformers {transformers.__version__}, torch {torch.__version__}, "
        f"tokenizers {tokenizers.__version__}, sentence-transformers {sentence_transformers.__version__}, seed {SEED}"
    )
    text = json.dumps({"written_by": written_by, "pairs": PAIRS, **golden}, ensure_ascii=False)
    (directory / "expected.json").write_text(text + "\n")


def qwen2_scalar():
    tokenizer = tokenizer_of(False)
    config = config_of("qwen2", tokenizer, num_labels=1)
    model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    template = {"query_format": "query: {}", "seq": "\n", "document_format": "document: {}", "special_token": "\nrelevance"}
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False)
    rows, by_length = {}, {}
    for max_len in (128, 40):
        rows[max_len] = []
        for query, document in PAIRS:
            asked = ids(template["query_format"].format(query.strip()))
            rest = max_len - len(asked) - len(ids(template["seq"])) - len(ids(template["special_token"]))
            given = ids(template["document_format"].format(document.strip()))[:rest]
            rows[max_len].append(asked + ids(template["seq"]) + given + ids(template["special_token"]))
        by_length[max_len] = logits_of(model, rows[max_len], tokenizer.pad_token_id, "right").flatten().tolist()
    assert rows[40] != rows[128], "nothing was cut"
    write("qwen2-scalar", model, tokenizer, {"template": template, "input_ids": rows, "scores": by_length})


def gemma_yes():
    tokenizer = tokenizer_of(True)
    model = transformers.AutoModelForCausalLM.from_config(config_of("gemma", tokenizer, hidden_act="gelu_pytorch_tanh")).eval()
    ids = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    rows = [
        [tokenizer.bos_token_id] + ids(f"A: {query.strip()}") + ids("\n") + ids(f"B: {passage.strip()}") + ids("\n") + ids(QUESTION)
        for query, passage in PAIRS
    ]
    yes = ids("Yes")
    assert len(yes) == 1
    scores = logits_of(model, rows, tokenizer.pad_token_id, "left")[:, -1, yes[0]].tolist()
    write("gemma-yes", model, tokenizer, {"input_ids": {"256": rows}, "scores": {"256": scores}})


def qwen3_yes_no():
    tokenizer = tokenizer_of(False)
    model = transformers.AutoModelForCausalLM.from_config(config_of("qwen3", tokenizer)).eval()
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False)
    before = ids(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n")
    after = ids("<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n")
    rows, by_length = {}, {}
    # Short enough to cut the longest pair alone.
    for max_len in (256, 124):
        rows[max_len] = [
            before + ids(f"<Instruct>: {INSTRUCT}\n<Query>: {q.strip()}\n<Document>: {d.strip()}")[: max_len - len(before) - len(after)] + after
            for q, d in PAIRS
        ]
        last = logits_of(model, rows[max_len], tokenizer.pad_token_id, "left")[:, -1]
        (yes,), (no,) = ids("yes"), ids("no")
        by_length[max_len] = (last[:, yes] - last[:, no]).tolist()
    assert rows[124] != rows[256], "nothing was cut"
    write("qwen3-yes-no", model, tokenizer, {"input_ids": rows, "scores": by_length})


def qwen3_logit_score():
    tokenizer = tokenizer_of(False, CHAT)
    tokenizer.padding_side = "left"
    model = transformers.AutoModelForCausalLM.from_config(config_of("qwen3", tokenizer)).eval()
    directory = FIXTURES / "qwen3-logit-score"
    write("qwen3-logit-score", model, tokenizer, {})
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False)
    (yes,), (no,) = ids("yes"), ids("no")
    transformer = Transformer(
        str(directory), transformer_task="text-generation", processing_kwargs={"chat_template": {"add_generation_prompt": True}}
    )
    ranker = CrossEncoder(modules=[transformer, LogitScore(true_token_id=yes, false_token_id=no)])
    stripped = [[text.strip() for text in pair] for pair in PAIRS]
    scores = ranker.predict(stripped, activation_fn=torch.nn.Identity()).tolist()
    rows = [
        tokenizer.apply_chat_template(
            [{"role": "query", "content": q}, {"role": "document", "content": d}], add_generation_prompt=True, return_dict=False
        )
        for q, d in stripped
    ]
    last = logits_of(model, rows, tokenizer.pad_token_id, "left")[:, -1]
    print("sentence-transformers against transformers:", (torch.tensor(scores) - (last[:, yes] - last[:, no])).abs().max())
    shutil.rmtree(directory)
    ranker.save_pretrained(str(directory))
    for name in ("README.md", "generation_config.json"):
        (directory / name).unlink(missing_ok=True)
    save_golden(directory, {"input_ids": {"256": rows}, "scores": {"256": scores}})


CASES = {f.__name__.replace("_", "-"): f for f in (qwen2_scalar, gemma_yes, qwen3_yes_no, qwen3_logit_score)}
for case in sys.argv[1:] or CASES:
    torch.manual_seed(SEED)
    CASES[case]()
