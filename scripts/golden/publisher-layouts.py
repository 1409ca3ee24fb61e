"""Tiny random models laid out as publishers lay out theirs, and what Python computes with them.

The files' names, the modules and the keys of config.json are those of the repositories that each case names; the weights are
random and tiny, the tokenizer is WordPiece for all. Vectors and scores are those of sentence-transformers, computed before the
files get the published spelling where that needs code of the hub; Jina BERT is computed as in jina-encoders.py.
Writes packages/{embedding,reranker}/src/fixtures/<case>/ (the directory and golden.json).
Run: python scripts/golden/publisher-layouts.py [case …]   (sentence-transformers 6.0.1, transformers 5.18.0, torch 2.13.0)
"""

import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def script(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


jina = script("jina-encoders")
encoders = jina.encoders

import numpy as np
import sentence_transformers
import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

PACKAGES = HERE.parents[1] / "packages"
SEED, HIDDEN = 20261123, 16
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "the a of in cat dog moon sun sat ran red blue why is bright query passage : search _ 猫 月 亮 为 什 么 。 ? .".split()
TEXTS = ["why is the moon bright ?", "the cat sat in the sun .", "为什么月亮。", "the red dog ran " * 8]
PAIRS = [["why is the moon bright ?", "the moon sat in the sun ."], ["a cat", "a red dog ran"], ["为什么", "月亮"]]
SIZES = dict(
    vocab_size=len(SPECIALS) + len(WORDS), hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=24, max_position_embeddings=40, initializer_range=encoders.SPREAD, pad_token_id=0,
)
XLMR = dict(type_vocab_size=1, layer_norm_eps=1e-5)
SEARCH = "search the query : "


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_tokenizer(directory, tokenizer_class="PreTrainedTokenizerFast"):
    vocabulary = {token: i for i, token in enumerate(SPECIALS + WORDS)}
    transformers.BertTokenizer(vocab=vocabulary, do_lower_case=True).save_pretrained(directory)
    path = Path(directory) / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": tokenizer_class}))


def random_encoder(model_class, config, seed):
    model = model_class(config)
    encoders.randomize(model, seed)
    return model.eval().float()


def header(computed_by):
    return {
        "written_by": f"scripts/golden/publisher-layouts.py, sentence-transformers {sentence_transformers.__version__}, "
        f"transformers {transformers.__version__}, torch {torch.__version__}, seed {SEED}",
        "computed_by": computed_by,
    }


def pooling_flags(mode):
    """1_Pooling/config.json as sentence-transformers 2 wrote it."""
    flags = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens"]
    chosen = {"cls": "cls_token", "mean": "mean_tokens"}[mode]
    return {"word_embedding_dimension": HIDDEN} | {f"pooling_mode_{flag}": flag == chosen for flag in flags}


def modules_json(kinds):
    """modules.json of a list such as ["Transformer", "Pooling", "Normalize"], with the folders that publishers have."""
    return [
        {
            "idx": i,
            "name": str(i),
            "path": "" if i == 0 else f"{i}_{kind}",
            "type": kind if "." in kind else f"sentence_transformers.models.{kind}",
        }
        for i, kind in enumerate(kinds)
    ]


def embedding_case(name, model, mode, *, normalize=True, dense=None, prompts=None, prompt_runs=(), publish=None, first="Transformer",
                   sentence_bert=True, extra=None, prepare=None, task=None, tensors=lambda tensors: tensors, pickle=False):
    directory = PACKAGES / "embedding/src/fixtures" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as bare:
        model.save_pretrained(bare)
        write_tokenizer(bare)
        after = ([dense] if dense else []) + ([Normalize()] if normalize else [])
        st = SentenceTransformer(
            modules=[Transformer(bare), Pooling(HIDDEN, pooling_mode=mode), *after], device="cpu", prompts=prompts
        )
        st.max_seq_length = 32
        if prepare:
            prepare(st[0].auto_model)
        runs = [{}, *({"prompt_name": key} for key, value in (prompts or {}).items() if value)]
        runs += [{"prompt": prompt} for prompt in prompt_runs]
        vectors = [{"options": run, "vectors": np.asarray(st.encode(TEXTS, batch_size=2, **run)).round(8).tolist()} for run in runs]
        config = json.loads((Path(bare) / "config.json").read_text())
        weights = tensors(load_file(Path(bare) / "model.safetensors"))
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(Path(bare) / file, directory)
        if task:
            save_file(merged(weights, jina.TASKS.index(task)), Path(bare) / "model.safetensors", metadata={"format": "pt"})
            st = SentenceTransformer(modules=[Transformer(bare), *list(st)[1:]], device="cpu")
            st.max_seq_length = 32
            adapted = np.asarray(st.encode(TEXTS, batch_size=2)).round(8).tolist()
    write_json(directory / "config.json", publish(config) if publish else config)
    if pickle:
        torch.save(weights, directory / "pytorch_model.bin")
    else:
        save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    kinds = [first, "Pooling", *(["Dense"] if dense else []), *(["Normalize"] if normalize else [])]
    write_json(directory / "modules.json", modules_json(kinds))
    write_json(directory / "1_Pooling/config.json", pooling_flags(mode))
    if sentence_bert:
        write_json(directory / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    if prompts is not None:
        write_json(
            directory / "config_sentence_transformers.json",
            {"__version__": {"sentence_transformers": "2.7.0"}, "prompts": prompts, "default_prompt_name": None},
        )
    if dense:
        write_dense(directory / "2_Dense", dense)
    if extra:
        extra(directory)
    golden = header("sentence-transformers") | {"texts": TEXTS, "max_seq_length": 32, "runs": vectors}
    if task:
        golden |= {"task": task, "task_vectors": adapted}
    (directory / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
    print(name, sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()))


def write_dense(folder, dense):
    folder.mkdir(parents=True)
    weights = {key: value.detach().clone() for key, value in dense.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(
        folder / "config.json",
        {
            "in_features": dense.in_features,
            "out_features": dense.out_features,
            "bias": True,
            "activation_function": "torch.nn.modules.linear.Identity",
        },
    )


def bert(seed):
    return random_encoder(transformers.BertModel, transformers.BertConfig(**SIZES, type_vocab_size=2), seed)


def xlmr(seed):
    return random_encoder(transformers.XLMRobertaModel, transformers.XLMRobertaConfig(**SIZES, **XLMR), seed)


def prefixed(prefix, more=()):
    """Names behind a task model's prefix, and the tensors of its head."""
    return lambda tensors: {f"{prefix}.{key}": value for key, value in tensors.items()} | dict(more)


NEW_CODE = "Alibaba-NLP/new-impl"


def publish_new(config):
    rewritten = encoders.new_model(config)
    return rewritten | {
        "architectures": ["NewModel"],
        "auto_map": {
            "AutoConfig": f"{NEW_CODE}--configuration.NewConfig",
            "AutoModel": f"{NEW_CODE}--modeling.NewModel",
            "AutoModelForSequenceClassification": f"{NEW_CODE}--modeling.NewForSequenceClassification",
        },
    }


def ntk(model):
    encoders.ntk_angles(type("Outer", (), {"config": model.config, "gte": model}))


def gte(seed):
    config = transformers.GteConfig(**SIZES, type_vocab_size=0, hidden_act="gelu")
    return random_encoder(transformers.GteModel, config, seed)


def publish_nomic(config):
    return encoders.published_nomic(config) | {
        "architectures": ["NomicBertModel"],
        "auto_map": {
            "AutoConfig": "nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig",
            "AutoModel": "nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel",
            "AutoModelForMaskedLM": "nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertForPreTraining",
        },
        "max_trained_positions": 2048,
    }


def jina_v3(seed):
    config = transformers.JinaEmbeddingsV3Config(**SIZES, **XLMR, **jina.ROPE)
    return random_encoder(transformers.JinaEmbeddingsV3Model, config, seed)


def publish_v3(config):
    theta = config["rope_parameters"]["rope_theta"]
    lora = dict(lora_adaptations=jina.TASKS, lora_rank=4, lora_alpha=1, lora_dropout_p=0.0, load_trained_adapters=True)
    return jina.flash_config(config, "rotary", rotary_emb_base=theta, **lora, task_instructions={})


def v3_tensors(tensors):
    # No task: the weights without adapters, so the vectors are of the originals.
    with_prefix = {f"roberta.{key}": value for key, value in tensors.items()}
    files = jina.add_adapters(with_prefix, 3, 4, 1, 0, SEED)
    for key in files:
        if key.endswith(".original"):
            files[key] = with_prefix[key.replace(".parametrizations.weight.original", ".weight")].clone()
    return files


def merged(files, task):
    """The plain weights with one task's adapter, by the formula of the published code."""
    plain = {}
    for key, value in files.items():
        if ".parametrizations." not in key:
            plain[key] = value
        elif key.endswith(".original"):
            stem = key.removesuffix(".original")
            a, b = files[f"{stem}.0.lora_A"][task], files[f"{stem}.0.lora_B"][task]
            delta = a @ b if "_embeddings" in key else b @ a
            plain[key.replace(".parametrizations.weight.original", ".weight")] = value + delta / 4
    return plain


def m3_extra(directory):
    torch.save({"weight": torch.randn(HIDDEN, HIDDEN), "bias": torch.randn(HIDDEN)}, directory / "colbert_linear.pt")
    torch.save({"weight": torch.randn(1, HIDDEN), "bias": torch.randn(1)}, directory / "sparse_linear.pt")


def stella_extra(directory):
    shutil.copytree(directory / "2_Dense", directory / "2_Dense_12")


def stella_dense():
    return encoders_randomized(Dense(HIDDEN, 12, activation_function=torch.nn.Identity()))


def encoders_randomized(module):
    encoders.randomize(module, SEED + 1)
    return module


def jina_v2(name, seed):
    """jinaai/jina-embeddings-v2-base-zh: mean of the token vectors, without Normalize."""
    directory = PACKAGES / "embedding/src/fixtures" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    code = "jinaai/jina-bert-implementation"
    config = SIZES | {
        "_name_or_path": code,
        "architectures": ["JinaBertForMaskedLM"],
        "attention_probs_dropout_prob": 0.0,
        "auto_map": {
            "AutoConfig": f"{code}--configuration_bert.JinaBertConfig",
            "AutoModel": f"{code}--modeling_bert.JinaBertModel",
            "AutoModelForMaskedLM": f"{code}--modeling_bert.JinaBertForMaskedLM",
        },
        "classifier_dropout": None,
        "emb_pooler": "mean",
        "feed_forward_type": "geglu",
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "layer_norm_eps": 1e-12,
        "model_type": "bert",
        "position_embedding_type": "alibi",
        "torch_dtype": "float16",
        "type_vocab_size": 2,
    }
    shapes = {key: shape for key, shape in jina.jina_shapes(config, False).items() if not key.startswith("classifier")}
    # Half precision, as published.
    tensors = {key: value.detach().half() for key, value in jina.random_tensors(shapes, seed).items()}
    full = {key: value.float() for key, value in tensors.items()} | {"classifier.weight": torch.zeros(1, HIDDEN)}
    write_tokenizer(directory)
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    vectors = []
    for text in TEXTS:
        batch = tokenizer([text], truncation=True, max_length=32, return_tensors="pt")
        types = torch.zeros_like(batch["input_ids"])
        states, _ = jina.jina_bert(config, full, batch["input_ids"], batch["attention_mask"], types, False)
        vectors.append(states[-1][0].mean(0).numpy().round(8).tolist())
    write_json(directory / "config.json", config)
    save_file({key.removeprefix("bert."): value for key, value in tensors.items()}, directory / "model.safetensors", metadata={"format": "pt"})
    write_json(directory / "modules.json", modules_json(["Transformer", "Pooling"]))
    write_json(directory / "1_Pooling/config.json", pooling_flags("mean"))
    write_json(directory / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    golden = header("this repository's own words for jina-bert-implementation (jina-encoders.py)")
    golden |= {"texts": TEXTS, "max_seq_length": 32, "runs": [{"options": {}, "vectors": vectors}]}
    (directory / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
    print(name, sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()))


def reranker_case(name, model, publish, tensors=lambda tensors: tensors, files=None):
    directory = PACKAGES / "reranker/src/fixtures" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as plain:
        model.save_pretrained(plain)
        # BERT's tells segments apart.
        write_tokenizer(plain, "BertTokenizer" if model.config.model_type == "bert" else "PreTrainedTokenizerFast")
        stated = json.loads((Path(plain) / "config.json").read_text())
        # What CrossEncoder itself reads of config.json decides its activation.
        activation = {key: value for key, value in publish({}).items() if key in ("sbert_ce_default_activation_function", "sentence_transformers")}
        write_json(Path(plain) / "config.json", stated | activation)
        cross = CrossEncoder(plain, device="cpu", max_length=32)
        predicted = cross.predict(PAIRS).tolist()
        logits = cross.predict(PAIRS, activation_fn=torch.nn.Identity()).tolist()
        weights = tensors(load_file(Path(plain) / "model.safetensors"))
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(Path(plain) / file, directory)
    write_json(directory / "config.json", stated | publish(stated))
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    for file, value in (files or {}).items():
        write_json(directory / file, value)
    golden = header("sentence-transformers' CrossEncoder") | {
        "pairs": PAIRS,
        "max_length": 32,
        "activation": type(cross.activation_fn).__name__,
        "predicted": predicted,
        "logits": logits,
    }
    write_json(directory / "golden.json", golden)
    print(name, sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()))


def classifier(kind, seed):
    more = XLMR if kind == "XLMRoberta" else dict(type_vocab_size=2)
    config = getattr(transformers, f"{kind}Config")(**SIZES, **more, num_labels=1)
    return random_encoder(getattr(transformers, f"{kind}ForSequenceClassification"), config, seed)


IDENTITY = "torch.nn.modules.linear.Identity"
CASES = {
    # intfloat/e5-base-v2, multilingual-e5-small: prefixes are written nowhere.
    "e5": lambda s: embedding_case("e5", bert(s), "mean", prompt_runs=["query: ", "passage: "]),
    # BAAI/bge-base-zh-v1.5
    "bge-zh": lambda s: embedding_case("bge-zh", bert(s), "cls", prompts={}, prompt_runs=["为什么"]),
    # BAAI/bge-m3: two heads beside the model, which an embedding does not need.
    "bge-m3": lambda s: embedding_case("bge-m3", xlmr(s), "cls", extra=m3_extra, pickle=True),
    # maidalun1020/bce-embedding-base_v1
    "bce": lambda s: embedding_case("bce", xlmr(s), "cls", pickle=True),
    # sentence-transformers/all-MiniLM-L6-v2, with files of its training
    "all-minilm": lambda s: embedding_case(
        "all-minilm", bert(s), "mean", extra=lambda directory: write_json(directory / "data_config.json", [{"name": "a", "lines": 3}])
    ),
    # mixedbread-ai/mxbai-embed-large-v1: no Normalize
    "mxbai": lambda s: embedding_case("mxbai", bert(s), "cls", normalize=False, prompts={"query": SEARCH, "passage": ""}),
    # Snowflake/snowflake-arctic-embed-m
    "arctic": lambda s: embedding_case("arctic", bert(s), "cls", prompts={"query": SEARCH}),
    # NovaSearch/stella_en_400M_v5: Dense modules of several widths, of which modules.json names one
    "stella": lambda s: embedding_case(
        "stella", gte(s), "mean", normalize=False, dense=stella_dense(), prompts={"s2p_query": SEARCH, "s2s_query": "the query : "},
        publish=publish_new, prepare=ntk, extra=stella_extra, tensors=prefixed("new"),
    ),
    # Alibaba-NLP/gte-multilingual-base, with the head of its sparse weights
    "gte-multilingual": lambda s: embedding_case(
        "gte-multilingual", gte(s), "cls", publish=publish_new, prepare=ntk,
        tensors=prefixed("new", {"classifier.weight": torch.ones(1, HIDDEN), "classifier.bias": torch.ones(1)}.items()),
    ),
    # nomic-ai/nomic-embed-text-v1.5: prefixes as prompts where the file has them
    "nomic": lambda s: embedding_case(
        "nomic",
        random_encoder(transformers.NomicBertModel, transformers.NomicBertConfig(**SIZES, type_vocab_size=2), s),
        "mean", normalize=False, publish=publish_nomic, prompt_runs=["search_query: ", "search_document: "],
    ),
    "jina-v2": lambda s: jina_v2("jina-v2", s),
    # jinaai/jina-embeddings-v3: a Transformer of the repository's own, and adapters, here unused
    "jina-v3": lambda s: embedding_case(
        "jina-v3", jina_v3(s), "mean", publish=publish_v3, tensors=v3_tensors, first="custom_st.Transformer", task="retrieval.passage"
    ),
    # BAAI/bge-reranker-base, maidalun1020/bce-reranker-base_v1: nothing stated, so CrossEncoder applies the logistic function
    "bge-reranker": lambda s: reranker_case("bge-reranker", classifier("XLMRoberta", s), lambda config: {}),
    # cross-encoder/ms-marco-MiniLM-L6-v2: logits, in the spelling before and after version 4
    "ms-marco": lambda s: reranker_case(
        "ms-marco", classifier("Bert", s), lambda config: {"sbert_ce_default_activation_function": IDENTITY}
    ),
    "ms-marco-v4": lambda s: reranker_case(
        "ms-marco-v4", classifier("Bert", s), lambda config: {"sentence_transformers": {"activation_fn": IDENTITY, "version": "4.1.0"}}
    ),
    # jinaai/jina-reranker-v2-base-multilingual
    "jina-reranker-v2": lambda s: reranker_case(
        "jina-reranker-v2", classifier("XLMRoberta", s),
        lambda config: jina.flash_config(config, "absolute", num_labels=1) if config else {}, tensors=jina.published,
    ),
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for number, (name, case) in enumerate(CASES.items()):
        if not sys.argv[1:] or name in sys.argv[1:]:
            case(SEED + 10 * number)
