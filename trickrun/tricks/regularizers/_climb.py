"""What tricks that take the gradient at another point share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from trickrun.findings.words import counted
from trickrun.tricks.regularizers._regularizer import Regularizer, trained_parameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.losses import Loss


class Climb(Regularizer):
    """A trick that steps by the gradient at a point where the loss is higher."""

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        count = trained_parameters(model)
        return count, counted(count, "parameter")

    def climbed(self, parameters: Sequence[torch.Tensor]) -> AbstractContextManager[None]:
        """Move ``parameters`` to that point, without their gradients; at the end put them back to
        the bit."""
        raise NotImplementedError
