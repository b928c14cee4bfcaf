from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.data.splits.source import Task, TaskName
from trickrun.params import Positive
from trickrun.tricks.losses._classes import class_targets, needs_classes
from trickrun.tricks.losses._constant import ConstantLoss, class_mass
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes

if TYPE_CHECKING:
    import torch


class Hinge(Loss):
    """How far the right class's score falls short of beating the others by a margin.

    Formula: sum over j != y of max(0, margin - z[y] + z[j]), divided by the number of classes.
    When: classification where only the decision matters, not a probability.
    Defaults: margin 1, as in PyTorch.
    Interactions: samples that are right by the margin give no gradient, so the loss can be 0.
    Source: Weston & Watkins 1999, Support Vector Machines for Multi-Class Pattern Recognition;
        torch.nn.functional.multi_margin_loss.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    takes: ClassVar[Takes | None] = "scores"

    kind: Literal["hinge"] = "hinge"
    margin: Positive = Field(default=1.0, description="lead that the right class should have")

    def check(self, task: Task) -> None:
        needs_classes(self.kind, task)

    def outputs(self, task: Task) -> int:
        return task.classes

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return class_targets(y)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        from torch.nn import functional

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return functional.multi_margin_loss(
                prediction, target, margin=self.margin, reduction="none"
            )

        return LossFunction(per_sample, reduction=self.reduction)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        import torch

        shares = class_mass(None, task, y, 0.0, weight)

        def of(z: torch.Tensor) -> float:
            short = (self.margin - z[:, None] + z[None, :]).clamp(min=0).fill_diagonal_(0)
            return float((shares @ short).sum() / len(z))

        return ConstantLoss(of, None, torch.zeros(task.classes, dtype=torch.float64))
