from __future__ import annotations

from functools import partial
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
            return float(constant_losses(z[None], shares, self.margin)[0])

        uniform = torch.zeros(task.classes, dtype=torch.float64)
        few = task.classes <= MOST_CLASSES
        return ConstantLoss(of, partial(best_scores, shares, self.margin) if few else None, uniform)


MOST_CLASSES = 12
"""Classes up to which the best constant scores are searched for: their subsets are tried."""


def best_scores(shares: torch.Tensor, margin: float) -> torch.Tensor:
    """Return the constant scores [classes] of the lowest loss.

    The loss is piecewise linear in differences of scores with its kinks where one is a multiple of
    the margin, so some best scores are multiples of it. On these it is L-natural convex (Murota
    2003, Discrete Convex Analysis): from zeros, the subset that it helps most is raised by a
    margin, until none helps.
    """
    import torch

    classes = len(shares)
    subsets = torch.cartesian_prod(*[torch.tensor([0.0, margin]).double()] * classes)
    best = torch.zeros_like(shares)
    while True:
        near = best + subsets.view(-1, classes)
        losses = constant_losses(near, shares, margin)
        lowest = int(losses.argmin())
        if losses[lowest] >= losses[0] - 1e-12:  # the first subset is empty
            return best
        best = near[lowest]


def constant_losses(scores: torch.Tensor, shares: torch.Tensor, margin: float) -> torch.Tensor:
    """Return the mean loss [M] of each of some constant ``scores`` [M, classes]."""
    short = (margin - scores[:, :, None] + scores[:, None, :]).clamp(min=0)
    # A class is always short of itself by the margin, which does not count.
    return ((short.sum(2) - margin) @ shares) / len(shares)
