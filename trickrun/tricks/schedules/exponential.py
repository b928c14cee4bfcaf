from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.schedules._schedule import Span, WarmedUp


class Exponential(WarmedUp):
    """Multiply the learning rate by gamma once per epoch.

    Formula: lr(t) = lr * gamma ** floor(epoch).
    When: a run whose end is open; with a known end cosine or linear needs no tuning.
    Defaults: gamma 0.95 halves the learning rate in 14 epochs.
    Interactions: after a warm-up, epochs are counted from its end.
    Source: torch.optim.lr_scheduler.ExponentialLR.
    """

    main: ClassVar[str | None] = "gamma"

    kind: Literal["exponential"] = "exponential"
    gamma: Positive = Field(default=0.95, description="factor of each epoch")

    @property
    def ends_low(self) -> bool:
        return True

    def decay(self, step: int, span: Span) -> float:
        return float(self.gamma ** (step // span.per_epoch))
