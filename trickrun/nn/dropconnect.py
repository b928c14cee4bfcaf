"""A fully connected layer whose weights are dropped."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trickrun.nn.dropout import dropout_mask
from trickrun.nn.rng import StepStream


class DropConnectLinear(nn.Linear):
    """A linear layer that, in training, zeroes each weight with probability ``p`` for a batch.

    Args:
        layer: whose parameters it takes over.
        p: probability; the other weights are divided by 1 - p.
        stream: what masks are drawn from.
    """

    def __init__(self, layer: nn.Linear, p: float, stream: StepStream) -> None:
        super().__init__(layer.in_features, layer.out_features, layer.bias is not None, "meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.p = p
        self.stream = stream

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        generator = self.stream.generator
        draws = torch.rand(self.weight.shape, generator=generator, device=generator.device)
        mask = dropout_mask(draws, 1 - self.p).to(self.weight.dtype)
        return functional.linear(x, self.weight * mask, self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, p={self.p}"
