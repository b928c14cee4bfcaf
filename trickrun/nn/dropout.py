"""Dropout of units, channels, paths and weights, whose masks come from a named stream."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trickrun.nn.rng import StepStream


class KeyedDropout(nn.Module):
    """Dropout: zero each entry with probability ``p`` and divide the rest by 1 - p.

    nn.Dropout draws from the global generator, which would tie its masks to every other draw;
    here they are a function of (seed, step) alone. What is drawn does not depend on ``p``, so
    trials of one seed can share it.

    Args:
        p: probability.
        stream: what masks are drawn from.
        inverted: divide while training; if not, evaluation multiplies by 1 - p instead.
    """

    def __init__(self, p: float, stream: StepStream, inverted: bool = True) -> None:
        super().__init__()
        self.p = p
        self.stream = stream
        self.inverted = inverted

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x if self.inverted else x * (1 - self.p)
        if self.p == 0:
            return x
        draws = self.draw(self.mask_shape(x.shape), x.dtype)
        if self.inverted:
            return x * dropout_mask(draws, 1 - self.p).to(x.dtype)
        return x * (draws < 1 - self.p)

    def mask_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape of the mask for an input of ``shape``, which it broadcasts against."""
        return shape

    def draw(self, shape: torch.Size, dtype: torch.dtype) -> torch.Tensor:
        """Return uniform numbers in [0, 1) of ``shape``, float32 or better for an exact rate.

        Three times as fast on a CPU as bernoulli_ with a generator.
        """
        generator = self.stream.generator
        wide = torch.promote_types(dtype, torch.float32)
        return torch.rand(shape, generator=generator, dtype=wide, device=generator.device)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class KeyedChannelDropout(KeyedDropout):
    """Dropout of whole channels, with one mask for all positions of a sample [N, ...].

    Args:
        axis: of the channels: 1 for images, 2 for sequences of vectors.
    """

    def __init__(self, p: float, stream: StepStream, axis: int) -> None:
        super().__init__(p, stream)
        self.axis = axis

    def mask_shape(self, shape: torch.Size) -> torch.Size:
        kept = (0, self.axis)
        return torch.Size(size if i in kept else 1 for i, size in enumerate(shape))


class KeyedPathDropout(KeyedDropout):
    """Dropout of whole samples, [N, ...] with a mask [N, 1, ...], at the end of a branch."""

    def mask_shape(self, shape: torch.Size) -> torch.Size:
        return torch.Size([shape[0], *[1] * (len(shape) - 1)])


class GivenDropout(nn.Module):
    """Dropout by masks that were drawn beforehand: it stands in for KeyedDropout under vmap.

    Under vmap no layer can draw from its own trial's stream, so the caller draws for all trials
    and passes the masks as the buffer ``mask``.
    """

    mask: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(()), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.mask.to(x.dtype) if self.training else x


def dropout_mask(draws: torch.Tensor, keep: float | torch.Tensor) -> torch.Tensor:
    """Return what dropout multiplies by: 1 / keep where a uniform draw is below ``keep``, else 0.

    Args:
        draws: any shape.
        keep: the probability that an entry stays, a number or what broadcasts against ``draws``.
    """
    shape = draws.shape
    if isinstance(keep, torch.Tensor):
        shape = torch.broadcast_shapes(shape, keep.shape)
    # By way of booleans it would take four times as long.
    return torch.lt(draws, keep, out=draws.new_empty(shape)).div_(keep)


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
