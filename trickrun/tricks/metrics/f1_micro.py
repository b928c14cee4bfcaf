from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.metrics._labels import f1, hits
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class F1Micro(Metric):
    """The F1 score of all labels of all samples together, so that frequent labels count most.

    Formula: 2 TP / (2 TP + FP + FN), each counted over samples and labels; a label is predicted
        where its probability is above 1/2.
    When: several 0/1 labels per sample. With one class per sample it equals accuracy: use that.
    Defaults: 0 where no label is there and none is predicted, as in scikit-learn.
    Source: sklearn.metrics.f1_score with average="micro".
    """

    task: ClassVar[TaskName | Literal["any"]] = "multilabel"

    kind: Literal["f1_micro"] = "f1_micro"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        # Of the answer 1 for the labels that are worth it, the most frequent ones.
        frequent = sorted(task.priors, reverse=True)
        found = (
            2 * sum(frequent[:count]) / (count + sum(frequent))
            for count in range(1, len(frequent) + 1)
        )
        return max(found)

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        right, mentioned = hits(scores.cpu(), target.cpu(), weight)
        return float(f1(right.sum(), mentioned.sum()))
