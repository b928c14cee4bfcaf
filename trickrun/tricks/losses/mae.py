from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.losses._constant import ConstantLoss, constant_loss, mean_of, median_of
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes
from trickrun.tricks.losses._values import value_outputs, value_targets

if TYPE_CHECKING:
    import torch


class MAE(Loss):
    """The absolute difference between prediction and target.

    Formula: mean over outputs of |z - y|.
    When: regression with outliers; its best constant answer is the median, not the mean.
    Defaults: mean over samples and outputs, as in PyTorch.
    Interactions: its gradient has the same size near the target as far away, so the lr must fall.
    Source: torch.nn.functional.l1_loss.
    """

    task_kind: ClassVar[TaskName | None] = "regression"
    takes: ClassVar[Takes | None] = "values"

    kind: Literal["mae"] = "mae"

    def outputs(self, task: Task) -> int:
        return value_outputs(task)

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return value_targets(y, task)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return (prediction - target).abs().flatten(1).mean(dim=1)

        return LossFunction(per_sample, reduction=self.reduction)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        values = value_targets(y, task).double()
        return constant_loss(
            lambda z: float(mean_of((values - z).abs(), weight).mean()),
            lambda: median_of(values, weight),
            values.shape[1],
        )
