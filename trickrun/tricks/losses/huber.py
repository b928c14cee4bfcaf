from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.data.splits.source import Task, TaskName
from trickrun.params import Positive
from trickrun.tricks.losses._constant import ConstantLoss, constant_loss, mean_of
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes
from trickrun.tricks.losses._values import value_outputs, value_targets

if TYPE_CHECKING:
    import torch


class Huber(Loss):
    """Squared near the target and linear far from it: outliers pull with a bounded force.

    Formula: mean over outputs of d²/2 where d = |z - y| is at most delta, else delta (d - delta/2).
    When: regression with outliers, where mae's constant gradient near the target hurts.
    Defaults: delta 1, as in PyTorch; it is in the target's unit.
    Source: Huber 1964, Robust Estimation of a Location Parameter; torch.nn.functional.huber_loss.
    """

    task_kind: ClassVar[TaskName | None] = "regression"
    takes: ClassVar[Takes | None] = "values"
    grows_with_error: ClassVar[bool] = True

    kind: Literal["huber"] = "huber"
    delta: Positive = Field(default=1.0, description="error at which square turns into line")

    def outputs(self, task: Task) -> int:
        return value_outputs(task)

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return value_targets(y, task)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        from torch.nn import functional

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            losses = functional.huber_loss(prediction, target, reduction="none", delta=self.delta)
            return losses.flatten(1).mean(dim=1)

        return LossFunction(per_sample, reduction=self.reduction)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        values, delta = value_targets(y, task).double(), self.delta
        return constant_loss(
            lambda z: huber_loss(values - z, delta, weight),
            lambda: huber_center(values, delta, weight),
            values.shape[1],
        )


BISECTIONS = 60


def huber_loss(errors: torch.Tensor, delta: float, weight: torch.Tensor | None = None) -> float:
    """Return the mean Huber loss of ``errors`` [N, targets], of samples weighted by ``weight``."""
    import torch

    size = errors.abs()
    square = size.square() / 2
    losses = torch.where(size <= delta, square, delta * (size - delta / 2))
    return float(mean_of(losses, weight).mean())


def huber_center(
    values: torch.Tensor, delta: float, weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the constants [targets] of the lowest Huber loss for ``values`` [N, targets].

    The loss is convex: its slope, the mean of errors clamped to delta, is bisected to zero.
    """
    import torch

    low, high = values.amin(0), values.amax(0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = mean_of((values - middle).clamp(-delta, delta), weight) > 0
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return (low + high) / 2
