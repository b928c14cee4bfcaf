from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.params import Positive
from trickrun.tricks.schedules._schedule import Schedule, Span


class LRRange(Schedule):
    """Raise the learning rate exponentially from low to high: a test, not a way to train.

    Formula: lr(t) = low * (high / low) ** (t / (T - 1)) over the run's T steps.
    When: the learning rate finder uses it; a recipe that names it repeats such a run.
    Defaults: 1e-7 to 10, wide enough for any optimizer.
    Interactions: low and high are absolute: the optimizer's lr is not used.
    Source: Smith 2017, Cyclical Learning Rates, arXiv:1506.01186.
    """

    uses_lr: ClassVar[bool] = False

    kind: Literal["lr_range"] = "lr_range"
    low: Positive = Field(default=1e-7, description="learning rate of the first step")
    high: Positive = Field(default=10.0, description="learning rate of the last step")

    @property
    def lr_is(self) -> str:
        return "nothing: schedule lr_range has its own low and high"

    @model_validator(mode="after")
    def rises(self) -> LRRange:
        """Refuse a range that does not rise."""
        if self.low >= self.high:
            raise ValueError(f"low must be below high: {self.low:g} >= {self.high:g}")
        return self

    def lr(self, base: float, step: int, span: Span) -> float:
        share = min(step / max(span.steps - 1, 1), 1.0)
        return float(self.low * (self.high / self.low) ** share)
