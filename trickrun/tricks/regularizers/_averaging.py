"""What averages of the weights share."""

from __future__ import annotations

from typing import ClassVar

from trickrun.tricks.regularizers._regularizer import Regularizer
from trickrun.tricks.schedules._schedule import Span


class Averaging(Regularizer):
    """A trick that keeps an average of the weights, which evaluation and the best epoch use."""

    recalibrates: ClassVar[bool] = False
    """Whether batch norm's statistics must be taken anew for the averaged weights."""

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    @property
    def trains_alone(self) -> bool:
        """A stack has one set of weights a trial."""
        return not self.off

    def share(self, steps: int, count: int, span: Span) -> float | None:
        """Return how far the average moves to the weights after ``steps`` steps; None: it stays.

        Args:
            count: how often it has moved.
        """
        raise NotImplementedError
