"""Writes packages/models/src/onnx-file/fixtures: two tiny models as checkpoints and as the ONNX files that torch makes of them.

`cross-encoder` is a BertForSequenceClassification of one label (inputs input_ids, token_type_ids, attention_mask; output logits), `encoder` a
RobertaModel (inputs input_ids, attention_mask; output last_hidden_state), both exported by torch.onnx with the axes batch and sequence open, as
optimum does it, and the first also quantised by onnxruntime.quantization.quantize_dynamic.

python scripts/golden/onnx-files.py  # torch 2.13.0, transformers 5.18.0, tokenizers, onnx 1.23.1, onnxruntime 1.30.0; seed 4
"""

import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, RobertaConfig, RobertaModel

SEED = 4
ROOT = Path(__file__).parents[2] / "packages/models/src/onnx-file/fixtures"
WORDS = "the a of in cat dog moon sun sat ran red blue why does is bright 猫 月 亮 .".split()


def tokenizer(special, first, last, pad, unk):
    vocab = {token: i for i, token in enumerate([*special, *WORDS])}
    made = Tokenizer(models.WordPiece(vocab, unk_token=unk))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(first, vocab[first]), (last, vocab[last])],
    )
    made.add_special_tokens(list(special))
    return made, len(vocab), vocab[pad]


def export(model, inputs, outputs, path):
    """As optimum exports: batch and sequence are open."""
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in [*inputs, "last_hidden_state"]}
    axes["logits"] = {0: "batch_size"}
    ids = torch.ones(2, 7, dtype=torch.int64)
    path.parent.mkdir(parents=True, exist_ok=True)

    class Named(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *values):
            found = self.model(**dict(zip(inputs, values)))
            return tuple(found[name] for name in outputs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Named().eval(),
            tuple(ids for _ in inputs),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: axes[name] for name in [*inputs, *outputs]},
            opset_version=17,
            dynamo=False,
        )


def shorten(path):
    """The same model with short names for what is between inputs and outputs, which are most of a tiny model's bytes."""
    model = onnx.load(path)
    graph = model.graph
    kept = {value.name for value in [*graph.input, *graph.output]} | {tensor.name for tensor in graph.initializer if "." in tensor.name}
    names = {}
    short = lambda name: name if name in kept or name == "" else names.setdefault(name, f"t{len(names)}")
    for place, node in enumerate(graph.node):
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]
        node.name = f"n{place}"
        node.doc_string = ""
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write(name, model, made, settings, inputs, outputs):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(made.to_str())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    export(model, inputs, outputs, folder / "onnx/model.onnx")
    shorten(folder / "onnx/model.onnx")
    return folder


torch.manual_seed(SEED)
size = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24, initializer_range=0.3)

made, count, pad = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], "[CLS]", "[SEP]", "[PAD]", "[UNK]")
bert = BertConfig(vocab_size=count, max_position_embeddings=32, num_labels=1, pad_token_id=pad, attn_implementation="eager", **size)
folder = write(
    "cross-encoder",
    BertForSequenceClassification(bert).eval(),
    made,
    {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"},
    ["input_ids", "token_type_ids", "attention_mask"],
    ["logits"],
)
with tempfile.TemporaryDirectory() as directory:
    quantised = Path(directory) / "model.onnx"
    quantize_dynamic(folder / "onnx/model.onnx", quantised, weight_type=QuantType.QUInt8)
    shutil.copy(quantised, folder / "onnx/model_quantized.onnx")

made, count, pad = tokenizer(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<s>", "</s>", "<pad>", "<unk>")
roberta = RobertaConfig(vocab_size=count, max_position_embeddings=34, type_vocab_size=1, pad_token_id=pad, bos_token_id=0, eos_token_id=2, attn_implementation="eager", **size)
write(
    "encoder",
    RobertaModel(roberta, add_pooling_layer=False).eval(),
    made,
    {"tokenizer_class": "RobertaTokenizer", "pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"},
    ["input_ids", "attention_mask"],
    ["last_hidden_state"],
)
print(*(f"{path.relative_to(ROOT)} {path.stat().st_size}" for path in sorted(ROOT.rglob("*")) if path.is_file()), sep="\n")
