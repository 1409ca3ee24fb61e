"""Tiny random embedding models saved by sentence-transformers, and the vectors that it computes with them.

Writes packages/embedding/src/fixtures/<case>/ (the model's directory and golden.json), one folder per case below:
    python scripts/golden/embedding-models.py   (sentence-transformers 6.0.1, transformers 5.18.0, torch 2.13.0)
Opens directories that @rag/embedding saved with the vectors that it computed, and compares them with Python's:
    npx tsx --conditions=@rag/source scripts/golden/save-embedding-models.ts <directory>
    python scripts/golden/embedding-models.py check <directory>
"""

import json
import logging
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import numpy as np
import sentence_transformers
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

FIXTURES = Path(__file__).resolve().parents[2] / "packages/embedding/src/fixtures"
SEED, SPREAD, HIDDEN = 20261121, 0.25, 16
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = (
    "the a of in cat dog moon sun sat ran red blue why does what is bright night day query passage : ##s ##ing "
    "猫 月 亮 为 什 么 。 ? . ! , İ ß paris Paris"
).split()
TEXTS = [
    "why is the moon bright ?",
    "the cat sat in the sun .",
    "为什么月亮亮。",
    "Paris DOGS unknownword sunning",
    "",
    "  spaces   [SEP] and [MASK] in the text ",
    "moon",
    "the red dog ran and " * 12,
]
PROMPTS = {"query": "query: ", "document": "passage: ", "long": "what does the red cat of the day : "}


def randomize(module, seed):
    """Every parameter random, biases and norms too, so that none can be left out unseen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * SPREAD)
            if name.endswith("LayerNorm.weight"):
                parameter.add_(1)
    return module


def encoder(directory, seed, lowercase=True, kind="bert"):
    """A bare encoder with its tokenizer, as transformers saves it."""
    config = dict(
        vocab_size=len(SPECIALS) + len(WORDS), hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=40, initializer_range=SPREAD,
    )
    if kind == "bert":
        model = transformers.BertModel(transformers.BertConfig(**config, type_vocab_size=2, pad_token_id=0))
    else:
        model = transformers.XLMRobertaModel(
            transformers.XLMRobertaConfig(**config, type_vocab_size=1, pad_token_id=0, layer_norm_eps=1e-5)
        )
    randomize(model, seed).save_pretrained(directory)
    vocabulary = {token: i for i, token in enumerate(SPECIALS + WORDS)}
    tokenizer = transformers.BertTokenizer(vocab=vocabulary, do_lower_case=lowercase)
    tokenizer.save_pretrained(directory)
    if kind != "bert":
        # The class of the files, since the model's own would build another tokenizer.
        path = Path(directory) / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}))


def dense(seed, *arguments, **options):
    return randomize(Dense(*arguments, **options), seed)


def old_format(directory):
    """The files as sentence-transformers 2 and 3 wrote them: class paths of `models`, a flag per mode of pooling, Dense as a pickle."""
    path = directory / "modules.json"
    modules = json.loads(path.read_text())
    for module in modules:
        module["type"] = f"sentence_transformers.models.{module['type'].split('.')[-1]}"
        if module["type"].endswith("Dense"):
            weights = directory / module["path"] / "model.safetensors"
            torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
            weights.unlink()
        if module["type"].endswith("Pooling"):
            config = directory / module["path"] / "config.json"
            settings = json.loads(config.read_text())
            modes = settings["pooling_mode"]
            modes = [modes] if isinstance(modes, str) else modes
            flags = {
                "cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens",
                "mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "weightedmean": "weightedmean_tokens",
                "lasttoken": "lasttoken",
            }
            old = {"word_embedding_dimension": HIDDEN}
            old |= {f"pooling_mode_{flag}": mode in modes for mode, flag in flags.items()}
            config.write_text(json.dumps(old | {"include_prompt": settings.get("include_prompt", True)}, indent=2))
    path.write_text(json.dumps(modules, indent=2))
    (directory / "sentence_bert_config.json").write_text('{"max_seq_length": 24, "do_lower_case": false}\n')


def cases():
    yield "cls", dict(pooling="cls", after=[Normalize()], old=True)
    yield "mean", dict(pooling="mean", prompts=PROMPTS)
    yield "max-mean", dict(pooling=("mean", "max"), prompts=PROMPTS, default_prompt_name="query")
    yield "max-mean-old", dict(pooling=("max", "mean"), old=True)
    yield "lasttoken", dict(pooling="lasttoken", after=[Normalize()])
    yield "weightedmean", dict(pooling=("weightedmean", "mean_sqrt_len_tokens"), kind="xlm-roberta", length=30)
    yield "dense-tanh", dict(
        pooling="mean",
        after=[dense(SEED + 1, HIDDEN, 12), dense(SEED + 2, 12, 8, bias=False, activation_function=torch.nn.Identity()), Normalize()],
        truncate=4,
    )
    yield "dense-gelu", dict(
        pooling="cls",
        after=[dense(SEED + 1, HIDDEN, 24, activation_function=torch.nn.GELU()), dense(SEED + 2, 24, 12, activation_function=torch.nn.ReLU())],
        old=True,
    )
    yield "no-prompt", dict(pooling=("cls", "mean", "max", "lasttoken", "weightedmean"), include_prompt=False, prompts=PROMPTS)
    yield "lower-case", dict(pooling="mean", lowercase=False, do_lower_case=True, length=12)
    yield "bare", None


def vectors(model, golden):
    """What each setting of `encode` gives."""
    runs = [{}] + [{"prompt_name": name} for name in (model.prompts or {}) if model.prompts[name]]
    runs += [{"normalize_embeddings": True}, {"prompt": "the cat : "}]
    if golden.get("truncate"):
        runs += [{"truncate_dim": golden["truncate"]}, {"truncate_dim": golden["truncate"], "normalize_embeddings": True}]
    return [
        {"options": run, "vectors": np.asarray(model.encode(TEXTS, batch_size=3, **run)).round(8).tolist()} for run in runs
    ]


def write():
    for number, (name, case) in enumerate(cases()):
        directory = FIXTURES / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as bare:
            case_options = case or {}
            encoder(bare, SEED + 10 * number, case_options.get("lowercase", True), case_options.get("kind", "bert"))
            if case is None:
                shutil.copytree(bare, directory, dirs_exist_ok=True)
            else:
                options = {"max_seq_length": case["length"]} if "length" in case else {}
                first = Transformer(bare, do_lower_case=case.get("do_lower_case", False), **options)
                pooling = Pooling(HIDDEN, pooling_mode=case["pooling"], include_prompt=case.get("include_prompt", True))
                model = SentenceTransformer(
                    modules=[first, pooling, *case.get("after", [])], device="cpu",
                    prompts=case.get("prompts"), default_prompt_name=case.get("default_prompt_name"),
                )
                model.save_pretrained(str(directory), create_model_card=False)
                if case.get("old"):
                    old_format(directory)
                if case.get("do_lower_case"):
                    # As version 5 and before save it: the tokenizer as it was, and what is to be done to it.
                    shutil.copy(Path(bare) / "tokenizer.json", directory)
                    settings = {"max_seq_length": case["length"], "do_lower_case": True}
                    (directory / "sentence_bert_config.json").write_text(json.dumps(settings))
        model = SentenceTransformer(str(directory), device="cpu")
        golden = {
            "written_by": f"scripts/golden/embedding-models.py, sentence-transformers {sentence_transformers.__version__}, "
            f"transformers {transformers.__version__}, torch {torch.__version__}, seed {SEED}",
            "texts": TEXTS,
            "max_seq_length": model.max_seq_length,
            "runs": vectors(model, case or {}),
        }
        (directory / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
        print(name, [module["type"] for module in json.loads((directory / "modules.json").read_text())] if case else "")


def check(root):
    """Every directory there: the vectors in ours.json against what Python computes, and what transformers warns of."""
    worst = 0.0
    for directory in sorted(path.parent for path in Path(root).glob("*/ours.json")):
        messages = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: messages.append(record.getMessage().splitlines()[0])
        for library in ("transformers", "sentence_transformers"):
            logging.getLogger(library).addHandler(handler)
        ours = json.loads((directory / "ours.json").read_text())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = SentenceTransformer(str(directory), device="cpu")
        for library in ("transformers", "sentence_transformers"):
            logging.getLogger(library).removeHandler(handler)
        messages += [str(warning.message).splitlines()[0] for warning in caught]
        largest = 0.0
        for run in ours["runs"]:
            expected = np.asarray(model.encode(ours["texts"], batch_size=3, **run["options"]))
            found = np.asarray(run["vectors"], dtype=np.float64)
            assert expected.shape == found.shape, (directory.name, run["options"], expected.shape, found.shape)
            largest = max(largest, float(np.abs(expected - found).max()))
        names = list(safe_open(str(directory / "model.safetensors"), "pt").keys())
        kinds = [type(module).__name__ for module in model]
        print(
            f"{directory.name:14} {len(ours['runs'])} runs, {' > '.join(kinds)}, largest difference {largest:.2e}, "
            f"pooler {'kept' if any('pooler' in name for name in names) else 'none'}, warnings {messages or 'none'}"
        )
        worst = max(worst, largest)
    print(f"largest difference of all: {worst:.2e}")
    assert 0 < worst <= 1e-5


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["check"]:
        check(sys.argv[2])
    else:
        write()
