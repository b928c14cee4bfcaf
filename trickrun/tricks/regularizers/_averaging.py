"""What averages of the weights share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trickrun.findings.words import counted
from trickrun.tricks.regularizers._regularizer import Regularizer, trained_parameters
from trickrun.tricks.schedules._schedule import Span

if TYPE_CHECKING:
    from torch import nn

    from trickrun.tricks.losses import Loss


class Averaging(Regularizer):
    """A trick that keeps an average of the weights, which evaluation and the best epoch use."""

    ledger_order: ClassVar[int] = 70

    recalibrates: ClassVar[bool] = False
    """Whether batch norm's statistics must be taken anew for the averaged weights."""

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        count = trained_parameters(model)
        return count, counted(count, "parameter")

    def share(self, steps: int, count: int, span: Span) -> float | None:
        """Return how far the average moves to the weights after ``steps`` steps; None: it stays.

        Args:
            count: how often it has moved.
        """
        raise NotImplementedError
