from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import CountOrZero, NonNegative
from trickrun.tricks.monitor import Monitor
from trickrun.tricks.schedules._schedule import Span, WarmedUp


class Plateau(Monitor, WarmedUp):
    """Lower the learning rate when the monitored value no longer improves.

    Formula: lr = max(lr * factor, min_lr) at each evaluation that is the (patience + 1)-th in a
        row without a new best value.
    When: a run whose length is not known; with a known one cosine has no patience to tune.
    Defaults: factor 0.1 is PyTorch's; patience 4, so that it acts before early stopping (8) does.
    Interactions: early stopping with a patience no longer than this one ends the run before lr
        ever falls.
    Source: torch.optim.lr_scheduler.ReduceLROnPlateau.
    """

    main: ClassVar[str | None] = "patience"

    kind: Literal["plateau"] = "plateau"
    factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.1, description="factor of each reduction"
    )
    patience: CountOrZero = Field(
        default=4, description="tolerated evaluations without improvement"
    )
    cooldown: CountOrZero = Field(
        default=0, description="evaluations after a reduction that do not count"
    )
    min_lr: NonNegative = Field(default=0.0, description="lr is not lowered below this")

    @property
    def watches(self) -> Monitor:
        return self

    def decay(self, step: int, span: Span) -> float:
        return 1.0

    def scale(self, base: float, history: Sequence[Mapping[str, float]]) -> float:
        if base <= self.min_lr:
            return 1.0
        return max(self.factor ** self.reductions(history), self.min_lr / base)

    def reductions(self, history: Sequence[Mapping[str, float]]) -> int:
        """Return how often the learning rate was lowered in the course of ``history``."""
        # Local names, because this runs at every step, over all evaluations so far.
        patience, min_delta = self.patience, self.min_delta
        best, without, cooling, reductions = math.inf, 0, 0, 0
        for cost in self.badnesses(history):
            if cost < best - min_delta:
                best, without = cost, 0
            else:
                without += 1
            if cooling > 0:
                cooling, without = cooling - 1, 0
            if without > patience:
                reductions, cooling, without = reductions + 1, self.cooldown, 0
        return reductions
