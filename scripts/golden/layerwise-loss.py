"""Writes the loss of FlagEmbedding's layer-wise trainer and its gradients for given logits, with and without a teacher.

    python scripts/golden/layerwise-loss.py   (torch 2.13)

The formula is that of FlagEmbedding/finetune/reranker/decoder_only/layerwise/modeling.py, in this project's own words: group
cross-entropy of every layer; besides, soft cross-entropy against the teacher in every layer, or against the last layer in the others.
"""

import json
from pathlib import Path

import torch

SEED = 20261121
GROUPS, SIZE, LAYERS = 2, 3, 3


def loss_of(logits, teacher):
    layers = [logits[:, i].view(GROUPS, SIZE) for i in range(LAYERS)]
    first = torch.zeros(GROUPS, dtype=torch.long)
    total = sum(torch.nn.functional.cross_entropy(scores, first) for scores in layers)
    taught = layers if teacher is not None else layers[:-1]
    target = torch.softmax(layers[-1].detach() if teacher is None else teacher, -1)
    return total + sum(-(torch.log_softmax(scores, -1) * target).sum(-1).mean() for scores in taught)


def case(teacher, logits):
    leaf = logits.clone().requires_grad_()
    loss = loss_of(leaf, teacher)
    loss.backward()
    return {"loss": loss.item(), "gradient": leaf.grad.flatten().tolist()}


def main():
    torch.manual_seed(SEED)
    logits, teacher = torch.randn(GROUPS * SIZE, LAYERS), torch.randn(GROUPS, SIZE)
    golden = {
        "script": "scripts/golden/layerwise-loss.py",
        "versions": {"torch": torch.__version__},
        "seed": SEED,
        "groups": GROUPS,
        "layers": LAYERS,
        "logits": logits.flatten().tolist(),
        "teacher": teacher.flatten().tolist(),
        "plain": case(None, logits),
        "taught": case(teacher, logits),
    }
    folder = Path(__file__).parents[2] / "packages/reranker/src/training/fixtures"
    folder.mkdir(exist_ok=True)
    (folder / "layerwise-loss.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
