from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._labels import f1, hits
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class F1Macro(Metric):
    """The F1 score of each class or label, averaged with equal weight, so that rare ones count.

    Formula: mean over classes, or labels, of 2 TP / (2 TP + FP + FN). A label is predicted where
        its probability is above 1/2.
    When: classes or labels of different size.
    Defaults: a class that is neither in the split nor predicted is left out of the mean; one that
        is never predicted right counts 0. Such a label counts 0, as in scikit-learn.
    Source: sklearn.metrics.f1_score with average="macro".
    """

    kind: Literal["f1_macro"] = "f1_macro"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        if task.kind == "multilabel":
            # Of the answer 1 for every label: its precision is the share that has it.
            return sum(2 * p / (1 + p) for p in task.priors) / len(task.priors)
        # Of the largest class: each sample is answered so, and only its own are right.
        largest = max(task.priors)
        return 2 * largest / (1 + largest) / task.classes

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        if task.kind == "multilabel":
            return float(f1(*hits(scores.cpu(), target.cpu(), weight)).mean())
        predicted, target = scores.argmax(dim=1).cpu(), target.cpu()
        classes = scores.shape[1]
        counted = None if weight is None else weight.cpu()
        hit = predicted == target
        right = target[hit].bincount(None if counted is None else counted[hit], minlength=classes)
        # 2 TP + FP + FN: each sample counts for the class it has and for the one it is given.
        mentioned = target.bincount(counted, minlength=classes)
        mentioned = mentioned + predicted.bincount(counted, minlength=classes)
        # A class that only samples of weight 0 have is there, as in scikit-learn.
        known = (target.bincount(minlength=classes) + predicted.bincount(minlength=classes)) > 0
        each = f1(right[known].double(), mentioned[known].double())
        # As sklearn.metrics.f1_score, whose import takes seconds, and numpy add them.
        return float(each.numpy().mean())
