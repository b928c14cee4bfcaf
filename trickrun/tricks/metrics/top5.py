from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class Top5(Metric):
    """Share of samples whose right class is among the five highest scores.

    Formula: mean(y in top5(scores)).
    When: many classes that are easily confused, as in ImageNet.
    Defaults: five, by the field's habit; it needs more than five classes.
    Source: Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge,
        arXiv:1409.0575.
    """

    kind: Literal["top5"] = "top5"
    higher_is_better: ClassVar[bool | None] = True
    is_share: ClassVar[bool] = True

    def check(self, task: Task) -> None:
        super().check(task)
        if task.classes <= 5:
            raise CompileError(
                f"top5 of {task.classes} classes is always 1", "metrics", "use accuracy"
            )

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        best = scores.topk(5, dim=1).indices
        return float(mean((best == target.unsqueeze(1)).any(dim=1), weight))
