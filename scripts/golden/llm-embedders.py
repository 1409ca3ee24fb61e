"""Tiny random decoders laid out as published LLM embedders, and the vectors that sentence-transformers computes with them.

Writes packages/embedding/src/fixtures/<case>/ (the model's directory and golden.json):
  e5-mistral       Mistral, bare names; the tokenizer's template puts <s> before and </s> behind a text; prompts by task
  qwen3-embedding  Qwen3 under a causal language model's name; <|endoftext|> by a Sequence of ByteLevel and template; padding left
  gte-qwen2        Qwen2 with `is_causal: false` and code of its own, "model." before the names, an lm_head; `add_eos_token` alone says that
                   a text ends in <|endoftext|>, which transformers 5 reads no longer, so this script says it anew
Each pools the last token, with padding on either side, and normalizes.
`training` writes packages/embedding/src/training/fixtures/decoder-step.json: losses and gradients of qwen3-embedding in float64, in-batch
softmax over triplets at several widths behind a new Dense, once of the weights and once of low-rank adapters beside them.
Run: python scripts/golden/llm-embedders.py [case … | training]   (torch 2.13.0, transformers 5.18.0, sentence-transformers 6.0.1)
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

# Scripts in this folder are named after what they record; none may stand in for a library of that name.
sys.path.pop(0)

import numpy as np
import sentence_transformers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

FIXTURES = Path(__file__).resolve().parents[2] / "packages/embedding/src/fixtures"
SEED, LENGTH = 20261121, 48
TEXTS = [
    "why is the sky blue?",
    "Air scatters blue light.",
    "为什么天空是蓝色的",
    "  two spaces\n\nand a line  ",
    "",
    "<|endoftext|> in a text",
    "again and again, at length, " * 8,
]
TASK = "Given a web search query, retrieve relevant passages that answer the query"
# The pattern by which Qwen2's tokenizer makes words.
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>"]
CASES = {
    "e5-mistral": dict(
        kind="mistral", template="<s> $A </s>", eos="</s>", side="right", extra=dict(head_dim=4, sliding_window=16),
        prompts={
            "web_search_query": f"Instruct: {TASK}\nQuery: ",
            "sts_query": "Instruct: Retrieve semantically similar text.\nQuery: ",
        },
    ),
    "qwen3-embedding": dict(
        kind="qwen3", template="$A <|endoftext|>", eos="<|im_end|>", side="left", extra=dict(head_dim=8, tie_word_embeddings=True),
        prompts={"query": f"Instruct: {TASK}\nQuery:", "document": ""},
    ),
    "gte-qwen2": dict(
        kind="qwen2", template=None, eos="<|endoftext|>", side="right", extra=dict(is_causal=False),
        prompts={"query": f"Instruct: {TASK}\nQuery: "},
    ),
}


def tokenizer_of(template, eos, side):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=[], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator([f"Instruct: {TASK}\nQuery: "] * 4 + TEXTS, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS])
    offsets = processors.ByteLevel(trim_offsets=False)
    if template:
        named = [(name, tokenizer.token_to_id(name)) for name in SPECIALS if name in template]
        added = processors.TemplateProcessing(single=template, pair=f"{template} {template.replace('A', 'B')}:1", special_tokens=named)
        tokenizer.post_processor = added if "<s>" in template else processors.Sequence([offsets, added])
    else:
        tokenizer.post_processor = offsets
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=eos, pad_token="</s>" if eos == "</s>" else "<|endoftext|>", padding_side=side
    )


def change(path, **keys):
    path.write_text(json.dumps(json.loads(path.read_text()) | keys, indent=2, ensure_ascii=False) + "\n")


def bare(directory, case):
    """The decoder with its tokenizer, every parameter random."""
    tokenizer = tokenizer_of(case["template"], case["eos"], case["side"])
    config = transformers.AutoConfig.for_model(
        case["kind"], vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=24, max_position_embeddings=128, rms_norm_eps=1e-6, pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None, eos_token_id=tokenizer.eos_token_id, **{"tie_word_embeddings": False, **case["extra"]},
    )
    generator = torch.Generator().manual_seed(SEED)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3 + (1 if "norm" in name else 0))
    model.save_pretrained(directory)
    if case["kind"] != "qwen2":
        save_file(model.model.state_dict(), Path(directory) / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save_pretrained(directory)


def write(name, case):
    directory = FIXTURES / name
    shutil.rmtree(directory, ignore_errors=True)
    with tempfile.TemporaryDirectory() as path:
        bare(path, case)
        model = SentenceTransformer(
            modules=[Transformer(path, max_seq_length=LENGTH), Pooling(16, pooling_mode="lasttoken"), Normalize()],
            device="cpu", prompts=case["prompts"],
        )
        model.save_pretrained(str(directory), create_model_card=False)
        # As published: the tensors' names, files and keys that sentence-transformers writes anew.
        shutil.copy(Path(path) / "model.safetensors", directory)
        shutil.copy(Path(path) / "tokenizer.json", directory)
    architecture = {"mistral": "MistralModel", "qwen3": "Qwen3ForCausalLM", "qwen2": "Qwen2ForCausalLM"}[case["kind"]]
    change(directory / "config.json", architectures=[architecture])
    if case["template"] is None:
        code = "modeling_qwen.Qwen2"
        change(directory / "config.json", auto_map={"AutoModel": f"{code}Model", "AutoModelForCausalLM": f"{code}ForCausalLM"})
        change(directory / "tokenizer_config.json", add_eos_token=True)
    model = SentenceTransformer(str(directory), device="cpu")
    if case["template"] is None:
        model.tokenizer.add_eos_token = True
    runs = []
    for options in [{}] + [{"prompt_name": p} for p in case["prompts"] if case["prompts"][p]] + [{"truncate_dim": 8}]:
        sides = []
        for side in ("left", "right"):
            model.tokenizer.padding_side = side
            sides.append(np.asarray(model.encode(TEXTS, batch_size=4, **options), dtype=np.float64))
        assert np.abs(sides[0] - sides[1]).max() < 1e-6, "the padding side changes the vectors"
        runs.append({"options": options, "vectors": sides[0].round(8).tolist()})
    ids = model.tokenizer(TEXTS, truncation=True, max_length=LENGTH)["input_ids"]
    last = {model.tokenizer.convert_ids_to_tokens(row)[-1] for row in ids}
    assert last == {"</s>" if name == "e5-mistral" else "<|endoftext|>"}, last
    golden = {
        "written_by": f"scripts/golden/llm-embedders.py, sentence-transformers {sentence_transformers.__version__}, "
        f"transformers {transformers.__version__}, torch {torch.__version__}, seed {SEED}",
        "texts": TEXTS,
        "max_seq_length": LENGTH,
        "input_ids": ids,
        "runs": runs,
    }
    (directory / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
    print(name, sorted(p.name for p in directory.iterdir()))


TEMPERATURE, DIMS, RANK, SCALING = 0.5, [4, 8, 12], 4, 2.0
QUERY_LENGTH, PASSAGE_LENGTH = 12, 16
QUERIES = ["why is the sky blue?", "Instruct: again\nQuery: at length", "为什么天空是蓝色的"]
POSITIVES = ["Air scatters blue light.", "again and again, at length, " * 4, "空气散射蓝光。"]
NEGATIVES = [["the sky", "a line"], ["length", "  two spaces\n\nand a line"], ["why", "relevant passages that answer the query"]]
ADAPTED = ["layers.0.self_attn.q_proj", "layers.0.mlp.down_proj", "layers.1.self_attn.v_proj", "layers.1.mlp.gate_proj"]
WEIGHTS = ["embed_tokens.weight", "layers.0.self_attn.k_norm.weight", "layers.0.mlp.up_proj.weight", "layers.1.self_attn.q_proj.weight", "norm.weight"]


def wave(rows, columns):
    """Weights that the test makes too."""
    i, j = torch.arange(rows).double()[:, None], torch.arange(columns).double()[None, :]
    return (0.3 * torch.sin(1 + 0.7 * i + 1.3 * j)).requires_grad_()


def training():
    tokenizer = transformers.AutoTokenizer.from_pretrained(FIXTURES / "qwen3-embedding")

    def step(adapted):
        model = transformers.AutoModel.from_pretrained(FIXTURES / "qwen3-embedding").double().eval()
        weight, bias = wave(max(DIMS), 16), wave(1, max(DIMS))
        trained = {"2_Dense.linear.weight": weight, "2_Dense.linear.bias": bias}
        for name in adapted:
            module = model.get_submodule(name)
            a, b = wave(RANK, module.in_features), wave(module.out_features, RANK)
            module.register_forward_hook(lambda _, x, y, a=a, b=b: y + SCALING * x[0] @ a.T @ b.T)
            trained |= {f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b}
        if not adapted:
            trained |= {name: model.get_parameter(name) for name in WEIGHTS}

        def vectors(texts, length):
            inputs = tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
            assert inputs["attention_mask"][:, -1].all(), "padding is not on the left"
            return model(**inputs).last_hidden_state[:, -1] @ weight.T + bias

        flat = [text for row in NEGATIVES for text in row]
        made = [vectors(QUERIES, QUERY_LENGTH), vectors(POSITIVES, PASSAGE_LENGTH), vectors(flat, PASSAGE_LENGTH)]
        losses = []
        for width in DIMS:
            queries, positives, negatives = (torch.nn.functional.normalize(v[:, :width], dim=-1) for v in made)
            scores = torch.cat([(queries * positives).sum(-1, keepdim=True), queries @ negatives.T], 1)
            losses.append(torch.nn.functional.cross_entropy(scores / TEMPERATURE, torch.zeros(len(scores), dtype=torch.long)))
        loss = sum(losses) / len(losses)
        loss.backward()
        gradients = {name: p.grad.flatten().numpy().round(9) for name, p in trained.items()}
        rows = gradients.pop("embed_tokens.weight", None)
        if rows is not None:
            # Small in the file: the sum over the vocabulary. The row of padding_idx has no gradient in PyTorch.
            gradients["embed_tokens.weight"] = rows.reshape(-1, 16).sum(0).round(9)
        return {"loss": loss.item(), "gradients": {name: values.tolist() for name, values in gradients.items()}}

    golden = {
        "written_by": f"scripts/golden/llm-embedders.py, torch {torch.__version__}, transformers {transformers.__version__}; "
        "weights of fixtures/qwen3-embedding, no seed",
        "temperature": TEMPERATURE, "dims": DIMS, "rank": RANK, "scaling": SCALING, "adapted": ADAPTED,
        "query_length": QUERY_LENGTH, "passage_length": PASSAGE_LENGTH,
        "queries": QUERIES, "positives": POSITIVES, "negatives": NEGATIVES,
        "steps": {"weights": step([]), "adapters": step(ADAPTED)},
    }
    target = FIXTURES.parent / "training/fixtures/decoder-step.json"
    target.write_text(json.dumps(golden, ensure_ascii=False) + "\n")
    print({name: each["loss"] for name, each in golden["steps"].items()})


torch.set_num_threads(1)
for name in sys.argv[1:] or [*CASES, "training"]:
    training() if name == "training" else write(name, CASES[name])
