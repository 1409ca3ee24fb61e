"""A BERT encoder in plain PyTorch, as Hugging Face's modeling_bert.py computes it: post-norm layers, learned positions.

Dropout stands after the embeddings, on the attention probabilities, after the attention's output and after the
feed-forward's output, as config.json's two probabilities say.
"""
import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, hidden, heads, feed_forward, dropout, sdpa):
        super().__init__()
        self.heads, self.dropout, self.sdpa = heads, dropout, sdpa
        self.query, self.key, self.value, self.attended = (nn.Linear(hidden, hidden) for _ in range(4))
        self.intermediate, self.output = nn.Linear(hidden, feed_forward), nn.Linear(feed_forward, hidden)
        self.attention_norm, self.output_norm = (nn.LayerNorm(hidden, 1e-12) for _ in range(2))

    def attention(self, x, bias):
        query, key, value = (
            projection(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projection in (self.query, self.key, self.value)
        )
        if self.sdpa:
            context = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=self.dropout)
        else:
            scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
            weights = torch.softmax(scores if bias is None else scores + bias, -1)
            context = F.dropout(weights, self.dropout) @ value
        return context.transpose(1, 2).flatten(-2)

    def forward(self, x, bias):
        attended = F.dropout(self.attended(self.attention(x, bias)), self.dropout)
        x = self.attention_norm(x + attended)
        output = F.dropout(self.output(F.gelu(self.intermediate(x))), self.dropout)
        return self.output_norm(x + output)


class Encoder(nn.Module):
    """Hidden states [batch, tokens, hidden] of ids [batch, tokens]."""

    def __init__(self, *, vocabulary, positions, hidden, heads, feed_forward, layers, dropout, sdpa):
        super().__init__()
        self.dropout, self.sdpa = dropout, sdpa
        self.words = nn.Embedding(vocabulary, hidden)
        self.positions = nn.Embedding(positions, hidden)
        self.types = nn.Embedding(2, hidden)
        self.norm = nn.LayerNorm(hidden, 1e-12)
        self.layers = nn.ModuleList(Layer(hidden, heads, feed_forward, dropout, sdpa) for _ in range(layers))

    def forward(self, input_ids, token_type_ids, mask):
        """`mask` [batch, tokens] is true where a token is real; None where all are, which spares SDPA the bias."""
        places = torch.arange(input_ids.shape[1])
        embedded = self.words(input_ids) + self.types(token_type_ids) + self.positions(places)
        x = F.dropout(self.norm(embedded), self.dropout)
        bias = None
        if mask is not None:
            bias = torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None, :]
            if torch.is_autocast_enabled("cpu"):
                bias = bias.to(torch.bfloat16)
        for layer in self.layers:
            x = layer(x, bias)
        return x


def initialize(module):
    """Normal with deviation 0.02 for matrices, zero for biases, as transformers starts a fresh BERT."""
    for part in module.modules():
        if isinstance(part, (nn.Linear, nn.Embedding)):
            nn.init.normal_(part.weight, std=0.02)
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
    return module


def adamw(module):
    """AdamW, no decay for biases and norms, in its fused form, the fastest that PyTorch has on a CPU."""
    decayed = [p for p in module.parameters() if p.dim() > 1]
    others = [p for p in module.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=5e-5, fused=True)
