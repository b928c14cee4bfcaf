"""What tricks that bound the weights share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trickrun.findings.words import counted
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.losses import Loss


class Constraint(Regularizer):
    """A trick that brings weights back to where they are allowed, after every step."""

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        count = len(self.constrained(model))
        return count, f"the weights of {counted(count, 'layer')}"

    def constrained(self, model: nn.Module) -> list[torch.Tensor]:
        """Return the weights [units, ...] of ``model`` that it acts on."""
        raise NotImplementedError

    def constrain(self, weights: Sequence[torch.Tensor]) -> None:
        """Change ``weights`` [units, ...] in place where they are not allowed."""
        raise NotImplementedError
