from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Count, Params

HIGHER_IS_BETTER = ("accuracy", "top5", "f1_macro", "auroc", "r2")


class EarlyStopping(Params):
    """Stop when the monitored value has not improved for a number of evaluations.

    Formula: stop after evaluation t if the best value so far came at or before t - patience.
    When: almost always; it is the cheapest regularizer.
    Defaults: patience 8 on val_loss, and the weights of the best evaluation are kept.
    Interactions: a cosine schedule spans the whole run, so a run that stops early never reaches
        its small learning rates.
    Source: Prechelt 1998, Early Stopping - But When?
    """

    main: ClassVar[str | None] = "patience"

    kind: ClassVar[Literal["early_stopping"]] = "early_stopping"
    monitor: str = Field(default="val_loss", description="val_loss or val_ and a metric's name")
    mode: Literal["auto", "min", "max"] = Field(
        default="auto", description="auto: max for accuracy-like metrics, min for all else"
    )
    patience: Count = Field(default=8, description="evaluations without improvement")
    min_delta: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="a change below this is no improvement"
    )
    restore_best: bool = Field(default=True, description="end with the best evaluation's weights")

    def best(self, history: Sequence[dict[str, float]]) -> int:
        """Return the index of the best evaluation; -1 if there is none with a finite value."""
        sign = -1.0 if self.maximizes else 1.0
        best_index, best_value = -1, math.inf
        for index, record in enumerate(history):
            value = sign * record[self.monitor]
            if value < best_value - (self.min_delta if best_index >= 0 else 0.0):
                best_index, best_value = index, value
        return best_index

    def stop(self, history: Sequence[dict[str, float]]) -> bool:
        """Return whether training should end after the evaluations in ``history``."""
        return len(history) - 1 - max(self.best(history), 0) >= self.patience

    @property
    def maximizes(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        return self.monitor.removeprefix("val_").removeprefix("train_") in HIGHER_IS_BETTER
