from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.metrics._labels import decided
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class SubsetAccuracy(Metric):
    """Share of samples all of whose labels are right.

    Formula: mean over samples of all(((p > 1/2) == y) over labels).
    When: several 0/1 labels per sample, where an answer with one wrong label is of no use; it is
        never above accuracy, which counts each label.
    Defaults: none.
    Source: sklearn.metrics.accuracy_score of label indicators.
    """

    task: ClassVar[TaskName | Literal["any"]] = "multilabel"

    kind: Literal["subset_accuracy"] = "subset_accuracy"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        return float(mean((decided(scores) == target).all(1), weight))
