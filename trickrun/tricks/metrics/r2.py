from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.task import Task
from trickrun.tricks.metrics._metric import Metric

if TYPE_CHECKING:
    import torch


class R2(Metric):
    """Share of the target's variance that the predictions explain: 1 is perfect, 0 is the mean's.

    Formula: 1 - sum((prediction - y)²) / sum((y - mean(y))²), averaged over the targets.
    When: regression; comparable between targets of different unit.
    Defaults: where the target is constant, 1 for perfect predictions and else 0; NaN for a split of
        one sample or for predictions that are not finite.
    Source: sklearn.metrics.r2_score.
    """

    task: ClassVar[Literal["classification", "regression", "any"]] = "regression"

    kind: Literal["r2"] = "r2"
    higher_is_better: ClassVar[bool | None] = True

    def compute(self, scores: torch.Tensor, target: torch.Tensor, task: Task) -> float:
        from sklearn.metrics import r2_score

        if len(target) < 2 or not scores.isfinite().all():
            return nan
        return float(r2_score(target.double().cpu(), scores.double().cpu()))
