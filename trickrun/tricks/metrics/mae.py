from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class MAE(Metric):
    """Mean absolute error, in the unit of the target.

    Formula: mean(|prediction - y|).
    When: regression; easy to read.
    Defaults: none.
    Source: sklearn.metrics.mean_absolute_error.
    """

    task: ClassVar[TaskName | Literal["any"]] = "regression"

    kind: Literal["mae"] = "mae"
    higher_is_better: ClassVar[bool | None] = False

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        return float(mean((scores.double() - target.double()).abs(), weight))
