"""What a transformer is made of beside plain layers: attention, patches and positions."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from trickrun.nn.layers import Residual
from trickrun.nn.sequences import PaddingAware


class Attention(PaddingAware):
    """Multi-head self-attention: [N, T, width] to [N, T, width].

    Args:
        width: must be a multiple of ``heads``.
        causal: each place sees only itself and those before it.
        bias: of both linear maps.
        dropout: acts on the attention weights. It draws from a stream of its own, which the fused
            kernel cannot, so with it attention is computed step by step.
    """

    def __init__(
        self, width: int, heads: int, causal: bool, bias: bool, dropout: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1))
        # Each [N, heads, T, width / heads].
        query, key, value = (part.transpose(1, 2) for part in parts.unbind(2))
        if self.dropout is not None:
            mixed = self.dropped(query, key, value, self.allowed(x, lengths), self.dropout)
        elif lengths is None:
            mixed = functional.scaled_dot_product_attention(
                query, key, value, is_causal=self.causal
            )
        else:
            mixed = functional.scaled_dot_product_attention(
                query, key, value, attn_mask=self.allowed(x, lengths)
            )
        found: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return found

    def allowed(self, x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """Return which place may look at which: booleans that broadcast to [N, heads, T, T]."""
        places = torch.arange(x.shape[1], device=x.device)
        seen = torch.ones_like(places, dtype=torch.bool).expand(len(places), -1)
        if self.causal:
            seen = places <= places[:, None]
        if lengths is None:
            return seen
        return seen & (places < lengths[:, None])[:, None, None, :]

    @staticmethod
    def dropped(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        allowed: torch.Tensor,
        dropout: nn.Module,
    ) -> torch.Tensor:
        """Return attention [N, heads, T, width / heads] with dropout on its weights."""
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        weights = scores.masked_fill(~allowed, -torch.inf).softmax(-1)
        mixed: torch.Tensor = dropout(weights) @ value
        return mixed

    def extra_repr(self) -> str:
        return f"heads={self.heads}, causal={self.causal}"


class TransformerBlock(PaddingAware):
    """Attention, then a small mlp at each place; each is a residual branch."""

    def __init__(self, attention: Residual, feedforward: Residual) -> None:
        super().__init__()
        self.attention = attention
        self.feedforward = feedforward

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        found: torch.Tensor = self.feedforward(self.attention(x, lengths))
        return found


class Patches(nn.Module):
    """An image [N, C, H, W] as a sequence [N, T, width] of square patches, row by row."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.conv(x).flatten(2).transpose(1, 2)
        return found


class LearnedPositions(nn.Module):
    """Add a learned vector for each place to [N, T, width]."""

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(steps, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.embedding.weight[: x.shape[1]]


class SinusoidalPositions(nn.Module):
    """Add sines and cosines of each place to [N, T, width]; wavelengths from 2 pi to 20000 pi."""

    table: torch.Tensor

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        frequency = 10000 ** (-torch.arange(0, width, 2) / width)
        angle = torch.arange(steps)[:, None] * frequency
        table = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :width]
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table[: x.shape[1]].to(x.dtype)
