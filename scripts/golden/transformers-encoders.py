"""Tiny random encoders and what transformers computes with them.

Writes packages/models/src/fixtures/<name>/{config.json, model.safetensors, golden.json}, one folder per case below.
Run: python scripts/golden/transformers-encoders.py [name …]   (torch 2.13.0, transformers 5.18.0; the numbers' header says which)
"""

import json
import re
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import torch
import transformers
from safetensors.torch import load_file, save_file

FIXTURES = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures"
SEED = 20261121
SPREAD = 0.2
COMMON = dict(
    vocab_size=100,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=40,
    initializer_range=SPREAD,
)
# RoBERTa's own special ids: <s> 0, <pad> 1, </s> 2. A classifier_dropout must change nothing in evaluation.
BERT = dict(COMMON, type_vocab_size=2, pad_token_id=0)
ROBERTA = dict(COMMON, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5)
# Smaller ones: heads of 8, so that a rotation has four frequencies.
SMALL = dict(
    vocab_size=60,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=24,
    initializer_range=SPREAD,
    pad_token_id=0,
    num_labels=1,
)
# A window of 3 to each side: the longest row of the batch has tokens that local layers do not see.
MODERNBERT = dict(
    SMALL,
    num_hidden_layers=4,
    local_attention=6,
    bos_token_id=1,
    cls_token_id=1,
    eos_token_id=2,
    sep_token_id=2,
)
CASES = {
    "bert": (transformers.BertForSequenceClassification, transformers.BertConfig(**BERT, num_labels=1)),
    "roberta": (
        transformers.RobertaForSequenceClassification,
        transformers.RobertaConfig(**ROBERTA, hidden_act="gelu", classifier_dropout=0.3, num_labels=1),
    ),
    "xlm-roberta": (
        transformers.XLMRobertaForSequenceClassification,
        transformers.XLMRobertaConfig(**ROBERTA, num_labels=1),
    ),
    "bert-encoder": (transformers.BertModel, transformers.BertConfig(**BERT, hidden_act="gelu_new")),
    "modernbert": (transformers.ModernBertForSequenceClassification, transformers.ModernBertConfig(**MODERNBERT)),
    "modernbert-biased": (
        transformers.ModernBertForSequenceClassification,
        transformers.ModernBertConfig(
            **MODERNBERT,
            classifier_pooling="mean",
            norm_bias=True,
            attention_bias=True,
            mlp_bias=True,
            classifier_bias=True,
            global_attn_every_n_layers=2,
            global_rope_theta=2000.0,
            local_rope_theta=500.0,
        ),
    ),
    "distilbert": (
        transformers.DistilBertForSequenceClassification,
        transformers.DistilBertConfig(**SMALL, hidden_dim=24),
    ),
    # Buckets of 2 and then by logarithm; what DeBERTa v3 states.
    "deberta-v2": (
        transformers.DebertaV2ForSequenceClassification,
        transformers.DebertaV2Config(
            **SMALL,
            relative_attention=True,
            position_buckets=6,
            pos_att_type="p2c|c2p",
            share_att_key=True,
            norm_rel_ebd="layer_norm",
            position_biased_input=False,
        ),
    ),
    # Distances beyond the table are the table's ends.
    "deberta-v2-unshared": (
        transformers.DebertaV2ForSequenceClassification,
        transformers.DebertaV2Config(
            **SMALL,
            relative_attention=True,
            max_relative_positions=8,
            pos_att_type=["c2p", "p2c"],
            type_vocab_size=2,
            embedding_size=8,
        ),
    ),
    "mpnet": (
        transformers.MPNetForSequenceClassification,
        transformers.MPNetConfig(**SMALL | {"pad_token_id": 1, "max_position_embeddings": 26}),
    ),
    "gte": (
        transformers.GteForSequenceClassification,
        transformers.GteConfig(**SMALL, type_vocab_size=2, rope_parameters={"rope_type": "default", "rope_theta": 300.0}),
    ),
    # NewModel's code lies on the hub, and is Gte's but for its angles, which are computed here in this script's own words.
    "new": (
        transformers.GteForSequenceClassification,
        transformers.GteConfig(**SMALL, type_vocab_size=0, hidden_act="gelu"),
    ),
    "nomic_bert": (
        transformers.NomicBertForSequenceClassification,
        transformers.NomicBertConfig(
            **SMALL, rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 300.0}
        ),
    ),
    "nomic_bert-published": (transformers.NomicBertForSequenceClassification, transformers.NomicBertConfig(**SMALL)),
    "electra": (
        transformers.ElectraForSequenceClassification,
        transformers.ElectraConfig(**SMALL, embedding_size=8, classifier_dropout=0.3),
    ),
    # Three layers of two groups: the first group runs twice.
    "albert": (
        transformers.AlbertForSequenceClassification,
        transformers.AlbertConfig(
            **SMALL | {"num_hidden_layers": 3},
            embedding_size=8,
            num_hidden_groups=2,
            inner_group_num=2,
            hidden_dropout_prob=0.1,
        ),
    ),
}


def three(attention):
    return [f"{attention}.{part}_proj.weight" for part in "qkv"]


def packed_gte(prefix):
    return {
        f"{prefix}.encoder.layer.0.attention.qkv_proj.weight": three("gte.layers.0.self_attn"),
        f"{prefix}.encoder.layer.1.mlp.up_gate_proj.weight": [f"gte.layers.1.mlp.{part}_proj.weight" for part in ("up", "gate")],
        f"{prefix}.embeddings.word_embeddings.weight": ["gte.embeddings.word_embeddings.weight"],
        f"{prefix}.encoder.layer.0.attn_ln.weight": ["gte.layers.0.post_attention_layernorm.weight"],
        "classifier.weight": ["classifier.weight"],
    }


# The gradients that are written, where they are not BERT's.
GRADIENTS = {
    "modernbert": [
        "model.layers.0.attn.Wqkv.weight",
        "model.layers.1.attn.Wqkv.weight",
        "model.embeddings.tok_embeddings.weight",
        "model.layers.2.attn_norm.weight",
        "model.layers.3.mlp.Wi.weight",
        "head.dense.weight",
    ],
    "deberta": [
        "deberta.encoder.layer.0.attention.self.query_proj.weight",
        "deberta.encoder.layer.1.attention.self.key_proj.weight",
        "deberta.encoder.rel_embeddings.weight",
        "deberta.embeddings.word_embeddings.weight",
        "pooler.dense.weight",
    ],
    # What checkpoints hold packed or under other names than the module: the file's name and the module's.
    "gte": packed_gte("gte"),
    "new": packed_gte("new"),
    "nomic_bert": {
        "nomic_bert.encoder.layers.0.attn.Wqkv.weight": three("nomic_bert.layers.0.self_attn"),
        "nomic_bert.encoder.layers.1.mlp.fc12.weight": ["nomic_bert.layers.1.mlp.gate_proj.weight"],
        "nomic_bert.embeddings.word_embeddings.weight": ["nomic_bert.embeddings.word_embeddings.weight"],
        "nomic_bert.emb_ln.weight": ["nomic_bert.embeddings.LayerNorm.weight"],
        "nomic_bert.pooler.dense.weight": ["nomic_bert.pooler.dense.weight"],
    },
    "mpnet": [
        "mpnet.encoder.layer.0.attention.attn.q.weight",
        "mpnet.encoder.relative_attention_bias.weight",
        "mpnet.embeddings.position_embeddings.weight",
        "classifier.dense.weight",
    ],
    "albert": [
        "albert.encoder.albert_layer_groups.0.albert_layers.1.attention.query.weight",
        "albert.encoder.albert_layer_groups.1.albert_layers.0.full_layer_layer_norm.weight",
        "albert.embeddings.word_embeddings.weight",
        "albert.encoder.embedding_hidden_mapping_in.weight",
    ],
    "distilbert": [
        "distilbert.transformer.layer.0.attention.q_lin.weight",
        "distilbert.embeddings.word_embeddings.weight",
        "distilbert.transformer.layer.1.sa_layer_norm.weight",
        "pre_classifier.weight",
    ],
}


def older_modernbert(config):
    """As answerdotai/ModernBERT-base states what newer files say by layer_types and rope_parameters."""
    del config["layer_types"]
    rope = config.pop("rope_parameters")
    return config | {
        "global_attn_every_n_layers": 2,
        "global_rope_theta": rope["full_attention"]["rope_theta"],
        "local_rope_theta": rope["sliding_attention"]["rope_theta"],
    }


NTK = {"rope_theta": 200.0, "rope_scaling": {"type": "ntk", "factor": 4.0}}


def ntk_angles(model):
    """NTK-aware scaling as NewModel has it: the base times the factor, every angle less by factor^(2/width)."""
    width = model.config.hidden_size // model.config.num_attention_heads
    factor = NTK["rope_scaling"]["factor"]
    exponents = torch.arange(0, width, 2, dtype=torch.float32) / width
    angles = 1 / (NTK["rope_theta"] * factor) ** exponents / factor ** (2 / width)
    model.gte.rotary_emb.inv_freq.copy_(angles)


def new_model(config):
    """config.json as Alibaba-NLP/gte-multilingual-base states it."""
    del config["rope_parameters"]
    return config | NTK | {
        "model_type": "new",
        "architectures": ["NewForSequenceClassification"],
        "layer_norm_type": "layer_norm",
        "logn_attention_clip1": False,
        "logn_attention_scale": False,
        "pack_qkv": True,
        "position_embedding_type": "rope",
        "unpad_inputs": False,
        "use_memory_efficient_attention": False,
    }


def published_nomic(config):
    """config.json as nomic-ai/nomic-embed-text-v1 stated it before transformers knew the model."""
    spelled = {
        "n_embd": "hidden_size",
        "n_head": "num_attention_heads",
        "n_layer": "num_hidden_layers",
        "n_inner": "intermediate_size",
        "n_positions": "max_position_embeddings",
        "resid_pdrop": "hidden_dropout_prob",
        "attn_pdrop": "attention_probs_dropout_prob",
        "layer_norm_epsilon": "layer_norm_eps",
    }
    old = {key: config[name] for key, name in spelled.items()}
    theta = config["rope_parameters"]["rope_theta"]
    dropped = {*spelled.values(), "rope_parameters", "hidden_act", "head_dim", "pad_token_id"}
    return {key: value for key, value in config.items() if key not in dropped} | old | {
        "activation_function": "swiglu",
        "causal": False,
        "mlp_fc1_bias": False,
        "mlp_fc2_bias": False,
        "parallel_block": False,
        "prenorm": False,
        "qkv_proj_bias": False,
        "rotary_emb_base": theta,
        "rotary_emb_fraction": 1.0,
        "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None,
        "rotary_scaling_factor": None,
    }


# What becomes of config.json after transformers has written it.
REWRITTEN = {"modernbert-biased": older_modernbert, "new": new_model, "nomic_bert-published": published_nomic}
# What becomes of the model before it runs, and of the tensors' names in the file.
PREPARED = {"new": ntk_angles}
RENAMED = {"new": lambda name: re.sub(r"^gte\.", "new.", name)}
LENGTHS = [12, 7, 3]


def randomize(model, seed):
    """Every parameter random, biases and LayerNorm too, so that none can be left out unseen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * SPREAD)
            if re.search(r"(norm|ln)\d*\.weight$", name, re.IGNORECASE):
                parameter.add_(1)


def batch(config, seed):
    """Three padded rows; the second segment of a row has token type 1 where the model knows two."""
    generator = torch.Generator().manual_seed(seed + 1)
    width = max(LENGTHS)
    ids = torch.full((len(LENGTHS), width), config.pad_token_id)
    mask = torch.zeros_like(ids)
    types = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(3, config.vocab_size, (length,), generator=generator)
        mask[row, :length] = 1
        if getattr(config, "type_vocab_size", 0) > 1:
            types[row, length // 2 : length] = 1
    # Repeated ids: their rows of the embedding gradient are sums.
    ids[0, 1] = ids[0, 4] = ids[1, 2]
    return ids, mask, types


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def dense(tensor):
    return {"shape": list(tensor.shape), "data": numbers(tensor)}


def golden(name, model_class, config, seed):
    model = model_class(config)
    model.set_attn_implementation("eager")
    randomize(model, seed)
    model.eval().float()
    if name in PREPARED:
        PREPARED[name](model)
    ids, mask, types = batch(config, seed)
    typed = {"token_type_ids": types} if getattr(config, "type_vocab_size", 0) > 0 else {}
    output = model(input_ids=ids, attention_mask=mask, **typed, output_hidden_states=True)
    result = {
        "script": "scripts/golden/transformers-encoders.py",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "seed": seed,
        "class": model_class.__name__,
        "mode": "eval, float32, attn_implementation=eager",
        "parameters": {name: list(parameter.shape) for name, parameter in model.named_parameters()},
        "inputs": {"input_ids": ids.tolist(), "attention_mask": mask.tolist(), "token_type_ids": types.tolist()},
        "hidden_states": [dense(state) for state in output.hidden_states],
    }
    if not hasattr(output, "logits"):
        return model, result | {"pooler_output": dense(output.pooler_output)}
    output.logits.sum().backward()
    parameters = dict(model.named_parameters())
    with_gradient = GRADIENTS.get(name.split("-")[0]) or bert_gradients(model.base_model_prefix, parameters)
    if isinstance(with_gradient, list):
        with_gradient = {name: [name] for name in with_gradient}
    return model, result | {
        "logits": dense(output.logits),
        "gradients_of_logits_sum": {
            name: dense(torch.cat([parameters[part].grad for part in parts])) for name, parts in with_gradient.items()
        },
    }


def bert_gradients(prefix, parameters):
    head = "classifier.weight" if "classifier.weight" in parameters else "classifier.out_proj.weight"
    return [
        f"{prefix}.encoder.layer.0.attention.self.query.weight",
        f"{prefix}.embeddings.word_embeddings.weight",
        f"{prefix}.encoder.layer.1.output.LayerNorm.weight",
        head,
    ]


def write(path, result):
    """One line per entry: small, and a change shows where it is."""
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in result.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    for index, (name, (model_class, config)) in enumerate(CASES.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        model, result = golden(name, model_class, config, SEED + 10 * index)
        folder = FIXTURES / name
        folder.mkdir(parents=True, exist_ok=True)
        model.save_pretrained(folder)
        if name in REWRITTEN:
            file = folder / "config.json"
            rewritten = REWRITTEN[name](json.loads(file.read_text()))
            file.write_text(json.dumps(rewritten, indent=2, sort_keys=True) + "\n")
        tensors = folder / "model.safetensors"
        if name in RENAMED:
            renamed = {RENAMED[name](key): value for key, value in load_file(tensors).items()}
            save_file(renamed, tensors, metadata={"format": "pt"})
        shapes = {key: list(value.shape) for key, value in load_file(tensors).items()}
        # In the module's order where the file has the module's names.
        if shapes != result["parameters"]:
            result["parameters"] = shapes
        write(folder / "golden.json", result)
        print(name, {file.name: file.stat().st_size for file in sorted(folder.iterdir())})


if __name__ == "__main__":
    main()
