"""A small transformer encoder over tokens, right or with the one mistake that is named."""

import math

import torch
from torch import nn


class Attention(nn.Module):
    """Attention of several heads. See ``Encoder`` for the mistakes."""

    def __init__(self, width, heads, mistake):
        super().__init__()
        self.heads, self.mistake = heads, mistake
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        if mistake == "frozen query and key":
            for layer in (self.query, self.key):
                nn.init.zeros_(layer.weight)
                layer.requires_grad_(False)

    def split(self, h):
        return h.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, h, real):
        q, k, v = (self.split(layer(h)) for layer in (self.query, self.key, self.value))
        scores = q @ k.transpose(2, 3)
        size = math.sqrt(q.shape[-1])
        scores = scores * size**3 if self.mistake == "scaled up" else scores / size
        seen = real[:, None, None, :]
        if self.mistake == "inverted mask":
            seen = ~seen
        if self.mistake == "looks ahead only":
            steps = h.shape[1]
            seen = seen & torch.ones(steps, steps, dtype=torch.bool, device=h.device).triu()
        if self.mistake == "softmax over heads":
            share = scores.masked_fill(~seen, -1e9).softmax(1)
        elif self.mistake == "softmax over the batch":
            share = scores.masked_fill(~seen, -1e9).softmax(0)
        else:
            share = scores.masked_fill(~seen, -1e9).softmax(3)
        mixed = (share @ v).transpose(1, 2)
        return self.out(mixed.reshape(h.shape))


class Block(nn.Module):
    """Attention and a small network, each with a norm before it and added to its input."""

    def __init__(self, width, heads, mistake):
        super().__init__()
        self.mistake = mistake
        self.attention = Attention(width, heads, mistake)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )

    def forward(self, h, real):
        if self.mistake == "no residual":
            return self.mlp(self.norm2(self.attention(self.norm1(h), real)))
        h = h + self.attention(self.norm1(h), real)
        return h + self.mlp(self.norm2(h))


class Encoder(nn.Module):
    """Embeddings, positions, blocks, the mean over the real tokens, a linear head.

    Args:
        vocabulary: how many different tokens there are.
        padding: the token that stands for nothing; None: every token is real.
        pool: mean, last or first: what the head sees.
        mistake: "no positions", "positions over the batch" (added along the wrong axis),
            "scaled up" (scores are multiplied where they should be divided),
            "inverted mask", "softmax over heads",
            "softmax over the batch", "looks ahead only", "no residual"
            or "frozen query and key".
    """

    def __init__(
        self, inputs, outputs, vocabulary, width=32, layers=2, heads=4, padding=None,
        pool="mean", mistake="",
    ):  # fmt: skip
        super().__init__()
        self.padding, self.pool, self.mistake = padding, pool, mistake
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(inputs[0], width))
        self.blocks = nn.ModuleList(Block(width, heads, mistake) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        x = x.long()
        real = torch.ones_like(x, dtype=torch.bool) if self.padding is None else x != self.padding
        h = self.embedding(x)
        if self.mistake == "positions over the batch":
            places = torch.arange(len(x), device=x.device) % len(self.positions)
            h = h + self.positions[places][:, None]
        elif self.mistake != "no positions":
            h = h + self.positions
        for block in self.blocks:
            h = block(h, real)
        h = self.norm(h)
        if self.pool == "last":
            return self.head(h[:, -1])
        if self.pool == "first":
            return self.head(h[:, 0])
        kept = real[:, :, None].to(h)
        return self.head((h * kept).sum(1) / kept.sum(1))
