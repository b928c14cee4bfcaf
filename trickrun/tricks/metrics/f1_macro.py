from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.task import Task
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class F1Macro(Metric):
    """The F1 score of each class, averaged with equal weight, so that rare classes count.

    Formula: mean over classes of 2 TP / (2 TP + FP + FN).
    When: classes of different size.
    Defaults: a class that is neither in the split nor predicted is left out of the mean; one that
        is never predicted right counts 0.
    Source: sklearn.metrics.f1_score with average="macro".
    """

    kind: Literal["f1_macro"] = "f1_macro"
    higher_is_better: ClassVar[bool | None] = True

    def compute(self, scores: torch.Tensor, target: torch.Tensor, task: Task) -> float:
        from sklearn.metrics import f1_score

        predicted = scores.argmax(dim=1)
        return float(f1_score(target.cpu(), predicted.cpu(), average="macro", zero_division=0.0))
