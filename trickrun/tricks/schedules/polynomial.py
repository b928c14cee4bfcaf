from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.schedules._schedule import LOW, Floor, Span, WarmedUp


class Polynomial(WarmedUp):
    """Let the learning rate fall as a power of the time that is left.

    Formula: lr(t) = lr * (floor + (1 - floor) * (1 - t / T) ** power).
    When: segmentation and detection nets; power 1 is linear, 2 falls early.
    Defaults: power 0.9, from the paper.
    Source: Chen et al. 2017, DeepLab, arXiv:1606.00915; torch.optim.lr_scheduler.PolynomialLR.
    """

    main: ClassVar[str | None] = "power"

    kind: Literal["polynomial"] = "polynomial"
    power: Positive = Field(default=0.9, description="above 1 falls early, below 1 late")
    floor: Floor = 0.0

    @property
    def ends_low(self) -> bool:
        return self.floor < LOW

    def decay(self, step: int, span: Span) -> float:
        left = 1 - min(step / span.steps, 1.0)
        return float(self.floor + (1 - self.floor) * left**self.power)
