"""LoRA adapters as PEFT writes them, and what it computes with them.

Writes packages/models/src/fixtures/peft-<case>/{adapter_config.json, adapter_model.*, golden.json} over the tiny checkpoints of
transformers-encoders.py. Run: python scripts/golden/peft-lora.py   (torch 2.13.0, transformers 5.18.0, peft 0.21.0; seed below; the
numbers' header says which)
"""

import json
import shutil
import sys
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import peft
import torch
import transformers
from safetensors.torch import load_file

FIXTURES = Path(__file__).resolve().parents[2] / "packages/models/src/fixtures"
SEED = 20261121
CASES = {
    # Every option that changes numbers or names: other ranks and alphas by pattern, the root in the scale, biases, the head.
    "bert": dict(
        base="bert",
        model=transformers.AutoModelForSequenceClassification,
        task_type="SEQ_CLS",
        r=4,
        lora_alpha=6,
        lora_dropout=0.1,
        use_rslora=True,
        target_modules=["query", "output.dense"],
        exclude_modules=["layer.0.output.dense"],
        rank_pattern={"layer.1.attention.self.query": 2},
        alpha_pattern={"output.dense": 3},
        bias="lora_only",
    ),
    "bert-encoder": dict(
        base="bert-encoder",
        model=transformers.AutoModel,
        task_type="FEATURE_EXTRACTION",
        r=2,
        lora_alpha=4,
        target_modules=["query", "value"],
        layers_to_transform=[1],
        layers_pattern="layer",
        binary=True,
    ),
    "qwen2": dict(
        base="qwen2",
        model=transformers.AutoModelForSequenceClassification,
        task_type="SEQ_CLS",
        r=2,
        lora_alpha=4,
        target_modules="all-linear",
    ),
}


def dense(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{x:.9g}") for x in tensor.flatten().tolist()]}


def write(name, case):
    case = dict(case)
    base, binary = case.pop("base"), case.pop("binary", False)
    torch.manual_seed(SEED)
    model = case.pop("model").from_pretrained(FIXTURES / base, attn_implementation="eager")
    golden = json.loads((FIXTURES / base / "golden.json").read_text())
    inputs = {key: torch.tensor(value) for key, value in golden["inputs"].items()}
    if model.config.model_type != "bert":
        inputs.pop("token_type_ids", None)
    model.config.pad_token_id = model.config.pad_token_id or 0
    config = peft.LoraConfig(**case)
    adapted = peft.get_peft_model(model, config)
    for key, parameter in adapted.named_parameters():
        if "lora_" in key or "modules_to_save" in key:
            torch.nn.init.normal_(parameter, std=0.3)
        elif parameter.requires_grad:
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
    adapted.eval()
    trainable, total = adapted.get_nb_trainable_parameters()

    def output():
        found = adapted(**inputs)
        return found.logits if hasattr(found, "logits") else found.last_hidden_state

    found = output()
    # Of a bare encoder the squares of the first tokens: the plain sum behind a normalization hardly depends on anything.
    (found[:, 0] ** 2 if found.dim() == 3 else found).sum().backward()
    modules = [key.removesuffix(".lora_A.default") for key, _ in adapted.named_modules() if key.endswith(".lora_A.default")]
    plain = lambda module: module.removeprefix("base_model.model.")
    named = dict(adapted.named_parameters())
    kept = [modules[0], modules[-1]]
    gradients = {
        f"{plain(module)}.lora_{side}.weight": dense(named[f"{module}.lora_{side}.default.weight"].grad)
        for module in kept
        for side in "AB"
    }
    parameters = {
        key.replace(".default", "").removeprefix("base_model.model."): list(value.shape)
        for key, value in named.items()
        if "lora_" in key
    }
    target = FIXTURES / f"peft-{name}"
    shutil.rmtree(target, ignore_errors=True)
    adapted.peft_config["default"].base_model_name_or_path = f"../{base}"
    adapted.save_pretrained(target, safe_serialization=not binary, save_embedding_layers=False)
    (target / "README.md").unlink(missing_ok=True)
    output_before = found.detach()
    names = sorted(
        torch.load(target / "adapter_model.bin", weights_only=True)
        if binary
        else load_file(target / "adapter_model.safetensors")
    )
    merged = adapted.merge_and_unload()
    states = merged.state_dict()
    header = {
        "script": "scripts/golden/peft-lora.py",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "seed": SEED,
        "base": base,
    }
    with torch.no_grad():
        again = merged(**inputs)
    again = again.logits if hasattr(again, "logits") else again.last_hidden_state
    assert torch.allclose(again, output_before, atol=1e-4), (again - output_before).abs().max()
    (target / "golden.json").write_text(
        json.dumps(
            {
                **header,
                "inputs": golden["inputs"],
                "names": names,
                "modules": [plain(module) for module in modules],
                "trainable": trainable,
                "total": total,
                "parameters": parameters,
                "output": dense(output_before),
                "gradients_of_sum": gradients,
                "merged": {f"{plain(module)}.weight": dense(states[f"{plain(module)}.weight"]) for module in kept},
            }
        )
        + "\n"
    )


for name, case in CASES.items():
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        write(name, case)
