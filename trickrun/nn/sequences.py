"""Layers over sequences [N, T, features], of which some must know where padding begins."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import torch
from torch import nn


class PaddingAware(nn.Module):
    """A layer whose forward takes the number of real places of each sample, [N] or None."""


class Chain(nn.Sequential):
    """Layers in a row; those that are padding-aware are told the samples' lengths."""

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        for layer in self:
            x = layer(x, lengths) if isinstance(layer, PaddingAware) else layer(x)
        return x


class SequenceNetwork(Chain):
    """A whole network over sequences.

    Args:
        layers: from the inputs to the head, by name.
        padding: the token that fills up the end of short samples [N, T]; None: there is none.
    """

    def __init__(self, layers: OrderedDict[str, nn.Module], padding: int | None = None) -> None:
        super().__init__(layers)
        self.padding = padding

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if self.padding is not None and lengths is None:
            # A sample of nothing but padding counts as one token, so that means are defined.
            lengths = (x != self.padding).sum(1).clamp(min=1)
        return super().forward(x, lengths)


class Rows(nn.Module):
    """An image [N, C, H, W] as the sequence [N, H, C * W] of its rows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2).flatten(2)


class Recurrent(PaddingAware):
    """One recurrent layer: [N, T, features] to [N, T, units], twice the units if both ways.

    The second direction is a layer of its own over the reversed sequence. nn.LSTM's own would
    start in the padding; packing the sequences against that reads their lengths back from the
    device at each step.

    Args:
        forwards: with ``batch_first``.
        backwards: the same for the reversed sequence; None: one direction.
    """

    def __init__(self, forwards: nn.RNNBase, backwards: nn.RNNBase | None = None) -> None:
        super().__init__()
        self.forwards = forwards
        self.backwards = backwards

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        outputs: torch.Tensor = self.forwards(x)[0]
        if self.backwards is None:
            return outputs
        other = reverse(self.backwards(reverse(x, lengths))[0], lengths)
        return torch.cat([outputs, other], dim=-1)


def reverse(x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Return [N, T, features] with each sample's first ``lengths`` places in reverse order."""
    if lengths is None:
        return x.flip(1)
    steps = x.shape[1]
    # The padding is turned round too, within itself, so that this undoes itself.
    places = (lengths[:, None] - 1 - torch.arange(steps, device=x.device)) % steps
    return x.gather(1, places[:, :, None].expand_as(x))


class Pool(PaddingAware):
    """One vector of a sequence: [N, T, features] to [N, features].

    Args:
        how: the mean over all real places, or what is known at the end: the last place, and of
            a layer that runs both ways the first one of the reversed half.
        both_ways: whether the features' second half ran backwards.
    """

    def __init__(self, how: Literal["last", "mean"], both_ways: bool = False) -> None:
        super().__init__()
        self.how = how
        self.both_ways = both_ways

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if self.how == "last":
            return self.ends(x, lengths)
        if lengths is None:
            return x.mean(1)
        real = (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).to(x.dtype)
        return (x * real[:, :, None]).sum(1) / lengths[:, None]

    def ends(self, x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """Return what is known where the sequence ends, for each direction."""
        if lengths is None:
            last = x[:, -1]
        else:
            last = x.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, x.shape[2]))[:, 0]
        if not self.both_ways:
            return last
        half = x.shape[2] // 2
        return torch.cat([last[:, :half], x[:, 0, half:]], dim=1)

    def extra_repr(self) -> str:
        return self.how
