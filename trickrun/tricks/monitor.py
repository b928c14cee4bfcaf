"""Watching one value of the evaluations: which one, and what counts as better."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import NonNegative, Params
from trickrun.tricks.metrics import metric_named


def higher_is_better(name: str) -> bool | None:
    """Return whether higher values of a metric, or of the loss, are better; None: not known."""
    if name == "loss":
        return False
    metric = metric_named(name)
    return metric.higher_is_better if metric else None


class Monitor(Params):
    """Parameters of a trick that reacts to how the evaluations go."""

    monitor: str = Field(
        default="val_loss", description="val_loss, train_loss, or val_ and a metric's name"
    )
    mode: Literal["auto", "min", "max"] = Field(
        default="auto", description="auto: max for accuracy-like metrics, min for losses and errors"
    )
    min_delta: NonNegative = Field(
        default=0.0, description="an improvement must be larger than this"
    )

    def check(self, values: Sequence[str], path: str) -> None:
        """Raise CompileError if evaluations lack the value, or auto cannot tell what is better.

        Args:
            values: the names of what each evaluation records.
            path: where in the recipe these parameters are.
        """
        if self.monitor not in values:
            raise CompileError(
                f"no evaluation has a value {self.monitor}",
                f"{path}.monitor",
                "there are: " + ", ".join(values),
            )
        if self.undecided:
            raise CompileError(
                f"nothing says whether a higher {self.monitor} is better",
                f"{path}.mode",
                "set it to max or min",
            )

    def badness(self, record: Mapping[str, float]) -> float:
        """Return the badness of one evaluation; see ``badnesses``."""
        return self.badnesses([record])[0]

    def badnesses(self, history: Sequence[Mapping[str, float]]) -> list[float]:
        """Return each evaluation's monitored value, turned so that lower is better.

        A value that is missing or not finite is never better than another: infinity.
        """
        sign = -1.0 if self.maximizes else 1.0
        values = [record.get(self.monitor, math.nan) for record in history]
        return [sign * value if math.isfinite(value) else math.inf for value in values]

    @property
    def maximizes(self) -> bool:
        """Whether a higher value is better."""
        return bool(higher_is_better(self.name)) if self.mode == "auto" else self.mode == "max"

    @property
    def undecided(self) -> bool:
        """Whether auto cannot tell what is better, as of a metric of the user's own."""
        return self.mode == "auto" and higher_is_better(self.name) is None

    @property
    def name(self) -> str:
        """The monitored metric's own name, without the split's."""
        return self.monitor.removeprefix("val_").removeprefix("train_")
