from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
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
    is_share: ClassVar[bool] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        # Of the largest class: each sample is answered so, and only its own are right.
        largest = max(task.priors)
        return 2 * largest / (1 + largest) / task.classes

    def compute(self, scores: torch.Tensor, target: torch.Tensor, task: Task) -> float:
        predicted, target = scores.argmax(dim=1).cpu(), target.cpu()
        classes = scores.shape[1]
        right = target[predicted == target].bincount(minlength=classes)
        # 2 TP + FP + FN: each sample counts for the class it has and for the one it is given.
        mentioned = target.bincount(minlength=classes) + predicted.bincount(minlength=classes)
        known = mentioned > 0
        each = 2.0 * right[known].double() / mentioned[known].double()
        # As sklearn.metrics.f1_score, whose import takes seconds, and numpy add them.
        return float(each.numpy().mean())
