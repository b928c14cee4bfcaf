from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class Accuracy(Metric):
    """Share of samples whose highest score is the right class.

    Formula: mean(argmax(scores) == y).
    When: classes of similar size; otherwise look at f1_macro beside it.
    Defaults: none.
    Source: sklearn.metrics.accuracy_score.
    """

    kind: Literal["accuracy"] = "accuracy"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        return max(task.priors)

    def compute(self, scores: torch.Tensor, target: torch.Tensor, task: Task) -> float:
        return float((scores.argmax(dim=1) == target).double().mean())
