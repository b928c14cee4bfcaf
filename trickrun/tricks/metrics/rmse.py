from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.metrics._mean import column_means
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class RMSE(Metric):
    """Root of the mean squared error, in the unit of the target.

    Formula: sqrt(mean((prediction - y)²)), averaged over the targets if there are several.
    When: regression where large errors count more.
    Defaults: none.
    Source: sklearn.metrics.root_mean_squared_error.
    """

    task: ClassVar[TaskName | Literal["any"]] = "regression"

    kind: Literal["rmse"] = "rmse"
    higher_is_better: ClassVar[bool | None] = False

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        squared = (scores.double() - target.double()).square()
        return float(column_means(squared, weight).sqrt().mean())
