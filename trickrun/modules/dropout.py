"""Dropout whose masks come from a named stream."""

from __future__ import annotations

import torch
from torch import nn

from trickrun.streams import StepStream


class KeyedDropout(nn.Module):
    """Inverted dropout: zero each entry with probability ``p`` and divide the rest by 1 - p.

    nn.Dropout draws from the global generator, which would tie its masks to every other draw;
    here they are a function of (seed, step) alone.
    """

    def __init__(self, p: float, stream: StepStream) -> None:
        super().__init__()
        self.p = p
        self.stream = stream

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        mask = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.stream.generator)
        return x * mask.div_(1 - self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}"
