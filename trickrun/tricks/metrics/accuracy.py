from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._labels import decided
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class Accuracy(Metric):
    """Share of samples whose highest score is the right class; of labels, of right ones.

    Formula: mean(argmax(scores) == y); with task multilabel the mean over samples and labels of
        (p > 1/2) == y, which is 1 - Hamming loss.
    When: classes of similar size; otherwise look at f1_macro beside it.
    Defaults: none.
    Source: sklearn.metrics.accuracy_score; for labels sklearn.metrics.hamming_loss.
    """

    kind: Literal["accuracy"] = "accuracy"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        if task.kind == "multilabel":
            return sum(max(p, 1 - p) for p in task.priors) / len(task.priors)
        return max(task.priors)

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        if task.kind == "multilabel":
            return float(mean(decided(scores) == target, weight))
        return float(mean(scores.argmax(dim=1) == target, weight))
