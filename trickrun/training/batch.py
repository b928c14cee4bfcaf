"""What a training step gets: a batch's inputs, and its targets, some of them mixtures."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trickrun.tricks.losses import LossFunction

Batch = tuple[torch.Tensor, torch.Tensor]
"""Inputs [B, *shape] and prepared targets [B, ...] of one step."""


@dataclass(frozen=True)
class Targets:
    """The prepared targets of a training batch, whose inputs may be mixtures of two samples.

    Args:
        own: of each sample [B, ...].
        other: of the samples mixed in [B, ...]; None: nothing is mixed.
        share: of each input that is its own sample's.
        whole: those of the step that these are a part of; None: they are all of it.
    """

    own: torch.Tensor
    other: torch.Tensor | None = None
    share: float = 1.0
    whole: Targets | None = None

    def loss(self, function: LossFunction, prediction: torch.Tensor) -> torch.Tensor:
        """Return the scalar loss of ``prediction`` [B, ...]: the two losses in their shares."""
        all_own = all_other = None
        if self.whole is not None:
            all_own, all_other = self.whole.own, self.whole.other
        loss = function(prediction, self.own, all_own)
        if self.other is None:
            return loss
        other = function(prediction, self.other, all_other)
        return self.share * loss + (1 - self.share) * other

    def split(self, size: int) -> list[Targets]:
        """Return the parts for batches of ``size`` samples that make one step together."""
        if len(self.own) <= size:
            return [self]
        owns = self.own.split(size)
        others = self.other.split(size) if self.other is not None else [None] * len(owns)
        return [
            Targets(own, other, self.share, self) for own, other in zip(owns, others, strict=True)
        ]
