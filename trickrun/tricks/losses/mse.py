from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.tricks.losses._constant import ConstantLoss, constant_loss, mean_of
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes
from trickrun.tricks.losses._values import value_outputs, value_targets

if TYPE_CHECKING:
    import torch


class MSE(Loss):
    """The squared difference between prediction and target.

    Formula: mean over outputs of (z - y)².
    When: regression with few outliers. On classes the targets are one-hot: usually a mistake.
    Defaults: mean over samples and outputs, as in PyTorch.
    Source: torch.nn.functional.mse_loss.
    """

    task_kind: ClassVar[TaskName | None] = "regression"
    takes: ClassVar[Takes | None] = "values"
    grows_with_error: ClassVar[bool] = True

    kind: Literal["mse"] = "mse"

    def outputs(self, task: Task) -> int:
        return value_outputs(task)

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return value_targets(y, task)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return (prediction - target).square().flatten(1).mean(dim=1)

        return LossFunction(per_sample, reduction=self.reduction)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        values = value_targets(y, task).double()
        mean = mean_of(values, weight)
        variance = mean_of((values - mean).square(), weight)
        return constant_loss(
            lambda z: float((variance + (mean - z).square()).mean()), lambda: mean, len(mean)
        )
