"""Tiny random checkpoints in the layouts of Jina AI, whose modeling code lies on the hub, and what they compute.

Jina BERT has no class in transformers 5: its published modeling (jinaai/jina-bert-implementation and
jinaai/jina-bert-v2-qk-post-norm) is written anew here, in this script's own words. Jina's XLM-R is computed by
transformers' JinaEmbeddingsV3 (rotary positions) and XLMRoberta (absolute ones), and written under the published names.
Writes packages/models/src/fixtures/<name>/{config.json, model.safetensors, golden.json}, one folder per case below.
Run: python scripts/golden/jina-encoders.py [name …]   (torch 2.13.0, transformers 5.18.0; the numbers' header says which)
"""

import importlib.util
import json
import math
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("encoders", HERE / "transformers-encoders.py")
encoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(encoders)

import torch
import transformers
from safetensors.torch import save_file
from torch.nn import functional as F

SEED = 20261122
SMALL = {key: value for key, value in encoders.SMALL.items() if key != "num_labels"}
HEADER = {
    "script": "scripts/golden/jina-encoders.py",
    "torch": torch.__version__,
    "transformers": transformers.__version__,
}


def random_tensors(shapes, seed):
    """Every parameter random, as in transformers-encoders.py."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        tensors[name] = torch.randn(shape, generator=generator) * encoders.SPREAD
        if re.search(r"(norm|ln)(\d*|_[12qk])\.weight$", name, re.IGNORECASE):
            tensors[name] += 1
        tensors[name].requires_grad_()
    return tensors


def write(name, config, tensors, golden, seed):
    folder = encoders.FIXTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    plain = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    encoders.write(folder / "golden.json", HEADER | {"seed": seed, "mode": "eval, float32"} | golden)
    print(name, {file.name: file.stat().st_size for file in sorted(folder.iterdir())})


class Config:
    def __init__(self, json):
        self.__dict__.update(json)


def batch_entries(ids, mask, types):
    return {"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist()}


# --- Jina BERT ---------------------------------------------------------------------------------------------------------------


def slopes(heads):
    """ALiBi's, for any number of heads (https://arxiv.org/abs/2108.12409, the authors' attention.py says what 12 heads have)."""
    power = 2 ** int(math.log2(heads))
    first = [2 ** (-8 * (i + 1) / power) for i in range(power)]
    return first if power == heads else first + slopes(2 * power)[::2][: heads - power]


def jina_shapes(config, qk_norm):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "bert.embeddings.word_embeddings.weight": [config["vocab_size"], hidden],
        "bert.embeddings.token_type_embeddings.weight": [config["type_vocab_size"], hidden],
    }

    def norm(name):
        shapes.update({f"{name}.weight": [hidden], f"{name}.bias": [hidden]})

    def linear(name, out, width, bias=True):
        shapes[f"{name}.weight"] = [out, width]
        if bias:
            shapes[f"{name}.bias"] = [out]

    norm("bert.embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.self.{part}", hidden, hidden)
        linear(f"{layer}.attention.output.dense", hidden, hidden)
        norm(f"{layer}.attention.output.LayerNorm")
        linear(f"{layer}.mlp.{'up_gated_layer' if qk_norm else 'gated_layers'}", 2 * inner, hidden, bias=False)
        linear(f"{layer}.mlp.{'down_layer' if qk_norm else 'wo'}", hidden, inner)
        if qk_norm:
            for part in ("attention.self.layer_norm_q", "attention.self.layer_norm_k", "layer_norm_1", "layer_norm_2"):
                norm(f"{layer}.{part}")
        else:
            norm(f"{layer}.mlp.layernorm")
    linear("bert.pooler.dense", hidden, hidden)
    linear("classifier", 1, hidden)
    return shapes


def jina_bert(config, p, ids, mask, types, qk_norm):
    """Hidden states and logits of the published modeling."""
    hidden, heads, inner = config["hidden_size"], config["num_attention_heads"], config["intermediate_size"]
    act = {"geglu": F.gelu, "reglu": F.relu}[config["feed_forward_type"]]

    def linear(name, x):
        return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))

    def norm(name, x):
        return F.layer_norm(x, [hidden], p[f"{name}.weight"], p[f"{name}.bias"], config["layer_norm_eps"])

    def split(x):
        return x.view(*x.shape[:2], heads, hidden // heads).transpose(1, 2)

    words = F.embedding(ids, p["bert.embeddings.word_embeddings.weight"])
    segments = F.embedding(types, p["bert.embeddings.token_type_embeddings.weight"])
    x = norm("bert.embeddings.LayerNorm", words + segments)
    places = torch.arange(ids.shape[1])
    distance = (places[None, :] - places[:, None]).abs()
    bias = -torch.tensor(slopes(heads))[None, :, None, None] * distance
    bias = bias + (1 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
    states = [x]
    for i in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{i}"
        q, k, v = (linear(f"{layer}.attention.self.{part}", x) for part in ("query", "key", "value"))
        if qk_norm:
            q, k = norm(f"{layer}.attention.self.layer_norm_q", q), norm(f"{layer}.attention.self.layer_norm_k", k)
        scores = split(q) @ split(k).transpose(-1, -2) / math.sqrt(hidden // heads) + bias
        context = (scores.softmax(-1) @ split(v)).transpose(1, 2).reshape(x.shape)
        attended = norm(f"{layer}.attention.output.LayerNorm", linear(f"{layer}.attention.output.dense", context) + x)
        if qk_norm:
            attended = norm(f"{layer}.layer_norm_1", x + attended)
            wide = linear(f"{layer}.mlp.up_gated_layer", attended)
            fed = linear(f"{layer}.mlp.down_layer", wide[..., :inner] * act(wide[..., inner:]))
            x = norm(f"{layer}.layer_norm_2", attended + fed)
        else:
            wide = linear(f"{layer}.mlp.gated_layers", attended)
            fed = linear(f"{layer}.mlp.wo", act(wide[..., :inner]) * wide[..., inner:])
            x = norm(f"{layer}.mlp.layernorm", fed + attended)
        states.append(x)
    return states, linear("classifier", torch.tanh(linear("bert.pooler.dense", x[:, 0])))


def jina_bert_case(name, code, feed_forward_type, heads, hidden, seed):
    qk_norm = code.endswith("qk-post-norm")
    config = SMALL | {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "_name_or_path": code,
        "architectures": ["JinaBertForSequenceClassification"],
        "attention_probs_dropout_prob": 0.0,
        "auto_map": {
            "AutoConfig": f"{code}--configuration_bert.JinaBertConfig",
            "AutoModel": f"{code}--modeling_bert.JinaBertModel",
            "AutoModelForMaskedLM": f"{code}--modeling_bert.JinaBertForMaskedLM",
            "AutoModelForSequenceClassification": f"{code}--modeling_bert.JinaBertForSequenceClassification",
        },
        "classifier_dropout": None,
        "emb_pooler": "mean",
        "feed_forward_type": feed_forward_type,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "layer_norm_eps": 1e-12,
        "model_type": "bert",
        "position_embedding_type": "alibi",
        "torch_dtype": "float32",
        "type_vocab_size": 2,
    }
    shapes = jina_shapes(config, qk_norm)
    tensors = random_tensors(shapes, seed)
    ids, mask, types = encoders.batch(Config(config), seed)
    states, logits = jina_bert(config, tensors, ids, mask, types, qk_norm)
    logits.sum().backward()
    wide = "up_gated_layer" if qk_norm else "gated_layers"
    wanted = [
        "bert.encoder.layer.0.attention.self.query.weight",
        f"bert.encoder.layer.1.mlp.{wide}.weight",
        "bert.embeddings.word_embeddings.weight",
        f"bert.encoder.layer.0.{'attention.self.layer_norm_k' if qk_norm else 'mlp.layernorm'}.weight",
        "bert.pooler.dense.weight",
    ]
    golden = {
        "class": "JinaBertForSequenceClassification",
        "computed_by": f"this script's own words for {code}",
        "parameters": shapes,
        "inputs": batch_entries(ids, mask, types),
        "hidden_states": [encoders.dense(state) for state in states],
        "logits": encoders.dense(logits),
        "gradients_of_logits_sum": {key: encoders.dense(tensors[key].grad) for key in wanted},
    }
    write(name, config, tensors, golden, seed)


# --- Jina's XLM-R ------------------------------------------------------------------------------------------------------------

FLASH = "jinaai/xlm-roberta-flash-implementation"


def flash_config(config, position, **more):
    """config.json as Jina's files state it."""
    keep = {key: config[key] for key in config if key not in ("rope_parameters", "transformers_version", "dtype")}
    return keep | {
        "architectures": ["XLMRobertaForSequenceClassification"],
        "auto_map": {
            "AutoConfig": f"{FLASH}--configuration_xlm_roberta.XLMRobertaFlashConfig",
            "AutoModel": f"{FLASH}--modeling_xlm_roberta.XLMRobertaModel",
            "AutoModelForMaskedLM": f"{FLASH}--modeling_xlm_roberta.XLMRobertaForMaskedLM",
            "AutoModelForSequenceClassification": f"{FLASH}--modeling_xlm_roberta.XLMRobertaForSequenceClassification",
        },
        "emb_pooler": None,
        "lora_adaptations": None,
        "matryoshka_dimensions": None,
        "model_type": "xlm-roberta",
        "position_embedding_type": position,
        "torch_dtype": "float32",
        "truncate_dim": None,
        "use_flash_attn": True,
    } | more


def published_name(name):
    """The name in Jina's files of a tensor of either class of transformers; three of Wqkv have the same."""
    for pattern, replacement in (
        (r"embeddings\.LayerNorm", "emb_ln"),
        (r"roberta\.(encoder\.layer|layers)\.", "roberta.encoder.layers."),
        (r"(attention\.self\.(query|key|value)|self_attn\.[qkv]_proj)", "mixer.Wqkv"),
        (r"(attention\.output\.dense|self_attn\.o_proj)", "mixer.out_proj"),
        (r"(attention\.output\.LayerNorm|post_attention_layernorm)", "norm1"),
        (r"intermediate\.dense", "mlp.fc1"),
        (r"(?<=\d\.)output\.dense", "mlp.fc2"),
        (r"((?<=\d\.)output\.LayerNorm|post_mlp_layernorm)", "norm2"),
    ):
        name = re.sub(pattern, replacement, name)
    return name


def published(tensors):
    grouped = {}
    # Queries, keys and values in that order, whatever the file's.
    order = {"query": 0, "key": 1, "value": 2}
    for name, value in sorted(tensors.items(), key=lambda item: order.get(item[0].split(".")[-2], 0)):
        grouped.setdefault(published_name(name), []).append(value)
    return {name: torch.cat(values) for name, values in grouped.items()}


def add_adapters(tensors, tasks, rank, alpha, used, seed):
    """The tensors with adapters for all tasks on every layer and table of the encoder; the given ones are with `used` merged."""
    generator = torch.Generator().manual_seed(seed)
    files = {}
    for name, value in tensors.items():
        if value.dim() != 2 or not name.startswith("roberta."):
            files[name] = value
            continue
        rows, columns = value.shape
        left, right = (torch.randn(tasks, *shape, generator=generator) * 0.3 for shape in ((rows, rank), (rank, columns)))
        a, b = (left, right) if "_embeddings" in name else (right, left)
        stem = name.removesuffix(".weight") + ".parametrizations.weight"
        files[f"{stem}.original"] = value - alpha / rank * left[used] @ right[used]
        files[f"{stem}.0.lora_A"] = a
        files[f"{stem}.0.lora_B"] = b
    return files


def flash_case(name, model_class, config, position, adapters, seed):
    model = model_class(config)
    model.set_attn_implementation("eager")
    encoders.randomize(model, seed)
    model.eval().float()
    ids, mask, types = encoders.batch(config, seed)
    output = model(input_ids=ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True)
    output.logits.sum().backward()
    named = dict(model.named_parameters())
    tensors = published({key: value.detach() for key, value in named.items()})
    gradients = {key: value.grad for key, value in named.items() if value.grad is not None}
    if position != "absolute":
        gradients = published(gradients)
    wanted = [
        "roberta.encoder.layers.0.mixer.Wqkv.weight",
        "roberta.encoder.layers.1.mlp.fc1.weight",
        "roberta.embeddings.word_embeddings.weight",
        "roberta.emb_ln.weight",
        "classifier.out_proj.weight",
    ]
    if position == "absolute":
        # Computed, and saved, under the names of transformers.
        wanted = [
            "roberta.encoder.layer.0.attention.self.key.weight",
            "roberta.encoder.layer.1.attention.output.LayerNorm.weight",
            "roberta.embeddings.position_embeddings.weight",
            "roberta.embeddings.LayerNorm.bias",
            "classifier.out_proj.weight",
        ]
    json_config = json.loads(config.to_json_string())
    own = {"architectures": [model_class.__name__], "dtype": "float32", "transformers_version": transformers.__version__}
    if position is None:
        json_config |= own
    else:
        more = {"rotary_emb_base": config.rope_parameters["rope_theta"]} if position == "rotary" else {}
        json_config = flash_config(json_config, position, **more, **(adapters["config"] if adapters else {}))
    golden = {
        "class": model_class.__name__,
        "computed_by": f"transformers' {model_class.__name__}, attn_implementation=eager",
        "parameters": {key: list(value.shape) for key, value in (named if position == "absolute" else tensors).items()},
        "inputs": batch_entries(ids, mask, types),
        "hidden_states": [encoders.dense(state) for state in output.hidden_states],
        "logits": encoders.dense(output.logits),
        "gradients_of_logits_sum": {key: encoders.dense(gradients[key]) for key in wanted},
    }
    if adapters:
        golden = {"task": adapters["config"]["lora_adaptations"][adapters["used"]]} | golden
        tensors = add_adapters(tensors, 3, adapters["config"]["lora_rank"], adapters["config"]["lora_alpha"], adapters["used"], seed)
    write(name, json_config, tensors, golden, seed)


XLMR = SMALL | {"pad_token_id": 1, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "num_labels": 1}
ROPE = {"rope_parameters": {"rope_type": "default", "rope_theta": 300.0}}
V3 = transformers.JinaEmbeddingsV3ForSequenceClassification
TASKS = ["retrieval.query", "retrieval.passage", "separation"]
CASES = {
    "jina_bert": (jina_bert_case, "jinaai/jina-bert-implementation", "geglu", 2, 16),
    # Three heads: slopes between two powers.
    "jina_bert-reglu": (jina_bert_case, "jinaai/jina-bert-implementation", "reglu", 3, 24),
    "jina_bert-qk-post-norm": (jina_bert_case, "jinaai/jina-bert-v2-qk-post-norm", "geglu", 2, 16),
    "jina_embeddings_v3": (flash_case, V3, transformers.JinaEmbeddingsV3Config(**XLMR, **ROPE), None, None),
    "jina_embeddings_v3-published": (
        flash_case,
        V3,
        transformers.JinaEmbeddingsV3Config(**XLMR, **ROPE),
        "rotary",
        {
            "used": 1,
            "config": {
                "lora_adaptations": TASKS,
                "lora_alpha": 1,
                "lora_dropout_p": 0.0,
                "lora_main_params_trainable": False,
                "lora_rank": 4,
                "load_trained_adapters": True,
                "task_instructions": {task: f"{task}: " for task in TASKS},
            },
        },
    ),
    "jina_xlm_roberta": (
        flash_case,
        transformers.XLMRobertaForSequenceClassification,
        transformers.XLMRobertaConfig(**XLMR | {"max_position_embeddings": 26}),
        "absolute",
        None,
    ),
}

if __name__ == "__main__":
    for index, (name, (case, *arguments)) in enumerate(CASES.items()):
        if not sys.argv[1:] or name in sys.argv[1:]:
            case(name, *arguments, SEED + 10 * index)
