from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Count, Positive
from trickrun.tricks.schedules._schedule import Span, WarmedUp


class Step(WarmedUp):
    """Multiply the learning rate by gamma every few epochs.

    Formula: lr(t) = lr * gamma ** floor(epoch / every).
    When: convolutional nets with sgd; between two drops the curve shows whether lr is too high.
    Defaults: three stages of equal length and gamma 0.1, as ImageNet nets are trained (every 30
        of 90 epochs).
    Interactions: after a warm-up, epochs are counted from its end.
    Source: Krizhevsky et al. 2012, ImageNet Classification; torch.optim.lr_scheduler.StepLR.
    """

    main: ClassVar[str | None] = "every"

    kind: Literal["step"] = "step"
    every: Count | None = Field(
        default=None, description="epochs between drops; null: a third of the run"
    )
    gamma: Positive = Field(default=0.1, description="factor of each drop")

    def decay(self, step: int, span: Span) -> float:
        if self.every is None:
            # In whole numbers, so that rounding cannot move a drop by a step.
            return float(self.gamma ** (3 * step // span.steps))
        return float(self.gamma ** (step // (self.every * span.per_epoch)))
