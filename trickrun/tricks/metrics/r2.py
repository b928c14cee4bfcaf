from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
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

    task: ClassVar[TaskName | Literal["any"]] = "regression"

    kind: Literal["r2"] = "r2"
    higher_is_better: ClassVar[bool | None] = True

    @classmethod
    def constant(cls, task: Task) -> float:
        return 0.0

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        if len(target) < 2 or not scores.isfinite().all():
            return nan
        return r2(target, scores, weight)


def r2(target: torch.Tensor, prediction: torch.Tensor, weight: torch.Tensor | None = None) -> float:
    """Return R² of finite values [N, targets], N > 1, weighted by ``weight`` [N], averaged over the
    targets.

    In numpy, in the order of operations of sklearn.metrics.r2_score, whose import takes seconds.
    """
    import numpy as np

    y, guess = (values.double().cpu().numpy() for values in (target, prediction))
    each, center = np.ones(()), y.mean(axis=0)
    if weight is not None:
        w = weight.double().cpu().numpy()
        each, center = w[:, None], np.average(y, axis=0, weights=w)
    missed = (each * (y - guess) ** 2).sum(axis=0)
    varied = (each * (y - center) ** 2).sum(axis=0)
    constant = varied == 0
    share = np.where(constant, missed != 0, missed / np.where(constant, 1.0, varied))
    return float((1 - share).mean())
