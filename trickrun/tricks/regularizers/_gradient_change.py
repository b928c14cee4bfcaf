"""What tricks that change the gradient share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trickrun.findings.words import counted
from trickrun.tricks.regularizers._regularizer import Regularizer, trained_parameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.losses import Loss


class GradientChange(Regularizer):
    """A trick that changes the gradient of each step, before it is clipped."""

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        count = trained_parameters(model)
        return count, counted(count, "gradient")

    def add(
        self, parameters: Sequence[torch.Tensor], step: int, generator: torch.Generator
    ) -> None:
        """Add to the gradients of ``parameters``, in place, what belongs to ``step`` (from 0)."""
        raise NotImplementedError
