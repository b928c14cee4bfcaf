"""Watching one value of the evaluations: which one, and what counts as better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from trickrun.params import NonNegative, Params

HIGHER_IS_BETTER = ("accuracy", "top5", "f1_macro", "auroc", "r2")


class Monitor(Params):
    """Parameters of a trick that reacts to how the evaluations go."""

    monitor: str = Field(default="val_loss", description="val_loss or val_ and a metric's name")
    mode: Literal["auto", "min", "max"] = Field(
        default="auto", description="auto: max for accuracy-like metrics, min for all else"
    )
    min_delta: NonNegative = Field(
        default=0.0, description="an improvement must be larger than this"
    )

    def badness(self, record: Mapping[str, float]) -> float:
        """Return the monitored value of an evaluation, turned so that lower is better.

        A value that is missing or not finite is never better than another: infinity.
        """
        value = record.get(self.monitor, math.nan)
        if not math.isfinite(value):
            return math.inf
        return -value if self.maximizes else value

    @property
    def maximizes(self) -> bool:
        """Whether a higher value is better."""
        if self.mode != "auto":
            return self.mode == "max"
        return self.monitor.removeprefix("val_").removeprefix("train_") in HIGHER_IS_BETTER
