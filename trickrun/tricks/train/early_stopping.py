from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Count
from trickrun.tricks.monitor import Monitor


class EarlyStopping(Monitor):
    """Stop when the monitored value has not improved for a number of evaluations.

    Formula: stop after ``patience`` evaluations in a row that are not lower (or higher) than the
        last improvement by more than min_delta.
    When: almost always; it is the cheapest regularizer.
    Defaults: patience 8 on val_loss, and the weights of the best evaluation are kept.
    Interactions: a cosine schedule spans the whole run, so a run that stops early never reaches
        its small learning rates. The best evaluation is the best of all, improvements too small
        for min_delta included. A value that is not finite is never an improvement.
    Source: Prechelt 1998, Early Stopping - But When?
    """

    main: ClassVar[str | None] = "patience"

    kind: ClassVar[Literal["early_stopping"]] = "early_stopping"
    patience: Count = Field(default=8, description="evaluations without improvement")
    restore_best: bool = Field(default=True, description="end with the best evaluation's weights")

    def best(self, history: Sequence[Mapping[str, float]]) -> int:
        """Return the index of the first best evaluation; -1 if none has a finite value."""
        costs = self.badnesses(history)
        lowest = min(costs, default=math.inf)
        return costs.index(lowest) if math.isfinite(lowest) else -1

    def stop(self, history: Sequence[Mapping[str, float]]) -> bool:
        """Return whether training should end after the evaluations in ``history``."""
        # Before the first finite value, the first evaluation counts as the last improvement.
        improved_at, reached = 0, math.inf
        for index, cost in enumerate(self.badnesses(history)):
            if cost < reached - self.min_delta:
                improved_at, reached = index, cost
        return len(history) - 1 - improved_at >= self.patience
