"""Tiny classifiers as torch's two exporters write them, for training from ONNX files.

Writes packages/models/src/fixtures/onnx-exports/<case>/{config.json, onnx/model.onnx}, for `bert` also model.safetensors with the
same weights. Names of intermediate values are shortened, but for `bert`, whose file is as the exporter left it.
Run: python scripts/golden/onnx-exports.py   (torch 2.13.0, transformers 5.18.0, onnxscript 0.7.2, onnx)
"""

import json
import sys
import warnings
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import onnx
import torch
import transformers
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
FIXTURES = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures/onnx-exports"
SEED = 20261121
SMALL = dict(vocab_size=35, num_labels=1, hidden_size=8, num_attention_heads=2, intermediate_size=12, num_hidden_layers=1)
PLACES = 24

# case: class, config, exporter, opset, attention
CASES = {
    "bert": ("Bert", dict(SMALL, max_position_embeddings=32, hidden_size=16, intermediate_size=32), "legacy", 17, "sdpa"),
    "bert-13": ("Bert", dict(SMALL, max_position_embeddings=PLACES), "legacy", 13, "eager"),
    "bert-dynamo": ("Bert", dict(SMALL, max_position_embeddings=PLACES), "dynamo", 18, "sdpa"),
    "roberta": ("Roberta", dict(SMALL, max_position_embeddings=PLACES, pad_token_id=1, type_vocab_size=1), "legacy", 14, "sdpa"),
    "distilbert": (
        "DistilBert",
        dict(vocab_size=35, num_labels=1, dim=8, n_heads=2, hidden_dim=12, n_layers=1, max_position_embeddings=PLACES),
        "dynamo",
        18,
        "eager",
    ),
    "modernbert": (
        "ModernBert",
        dict(SMALL, num_hidden_layers=2, local_attention=4, max_position_embeddings=PLACES, pad_token_id=0, bos_token_id=1, cls_token_id=1, eos_token_id=2, sep_token_id=2),
        "dynamo",
        18,
        "sdpa",
    ),
}


class Logits(torch.nn.Module):
    """The exporters' view of a classifier: positional inputs, one output."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs):
        return self.model(**dict(zip(self.names, inputs)))[0]


def model_of(kind, settings, attention):
    torch.manual_seed(SEED)
    config = getattr(transformers, f"{kind}Config")(**settings)
    config._attn_implementation = attention
    model = getattr(transformers, f"{kind}ForSequenceClassification")(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.2 + ("norm" in name.lower() and name.endswith("weight")))
        # Two equal tensors: the exporter writes one, and an Identity under the other's name.
        if kind == "Bert":
            attention = model.bert.encoder.layer[0].attention.self
            attention.value.bias.copy_(attention.query.bias)
    return model


def export(model, names, exporter, opset, path, short):
    # Three sequences of eight: the exporters take sizes of one for constants, and modernbert folds what only short ones have.
    ids = torch.randint(3, 35, (3, 8))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    inputs = (ids, mask, torch.zeros_like(ids))[: len(names)]
    if exporter == "legacy":
        dynamic = {name: {0: "batch_size", 1: "sequence_length"} for name in names}
        torch.onnx.export(
            model, (), path, kwargs=dict(zip(names, inputs)), input_names=names, output_names=["logits"],
            opset_version=opset, dynamic_axes={**dynamic, "logits": {0: "batch_size"}}, dynamo=False,
        )  # fmt: skip
    else:
        dims = {0: torch.export.Dim("batch_size"), 1: torch.export.Dim("sequence_length", max=PLACES - 4)}
        torch.onnx.export(
            Logits(model, names), inputs, path, input_names=names, output_names=["logits"], opset_version=opset,
            dynamic_shapes=(tuple(dims for _ in names),), dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip
    strip(path, short)


def strip(path, short):
    """Leaves out what no reader needs: intermediate shapes, stack traces."""
    proto = onnx.load(path)
    del proto.graph.value_info[:]
    del proto.metadata_props[:]
    for node in proto.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*proto.graph.input, *proto.graph.output, *proto.graph.initializer]:
        value.doc_string = ""
        del value.metadata_props[:]
    if short:
        kept = {value.name for value in [*proto.graph.input, *proto.graph.output, *proto.graph.initializer]}
        # An Identity of a weight carries the name that the weight had.
        weights = {value.name for value in proto.graph.initializer}
        kept |= {node.output[0] for node in proto.graph.node if node.op_type == "Identity" and node.input[0] in weights}
        names = {}
        for number, node in enumerate(proto.graph.node):
            node.name = f"{node.op_type}_{number}"
            for values in (node.input, node.output):
                for at, name in enumerate(values):
                    if name and name not in kept:
                        values[at] = names.setdefault(name, f"v{len(names)}")
    onnx.save(proto, path)


for case, (kind, settings, exporter, opset, attention) in CASES.items():
    model = model_of(kind, settings, attention)
    folder = FIXTURES / case
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if kind == "Bert" else [])
    export(model, names, exporter, opset, str(folder / "onnx/model.onnx"), case != "bert")
    config = {
        key: value
        for key, value in model.config.to_diff_dict().items()
        if key not in ("transformers_version", "torch_dtype", "dtype")
    }
    config.update(architectures=[type(model).__name__], id2label={"0": "LABEL_0"}, model_type=model.config.model_type)
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "seq_classif_dropout"):
        if hasattr(model.config, name):
            config[name] = 0.0
    config["golden"] = dict(
        script="scripts/golden/onnx-exports.py", seed=SEED, exporter=f"{exporter}, opset {opset}, {attention}",
        torch=torch.__version__, transformers=transformers.__version__,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    if case == "bert":
        save_file({name: value.contiguous() for name, value in model.state_dict().items() if "position_ids" not in name}, folder / "model.safetensors")
    print(case, (folder / "onnx/model.onnx").stat().st_size)
