from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.tricks.losses._classes import (
    ClassWeights,
    class_targets,
    class_weights,
    mean_log_probability,
    needs_classes,
    weight_of,
)
from trickrun.tricks.losses._constant import (
    ConstantLoss,
    centered_log,
    class_mass,
    constant_loss,
    log_loss,
)
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes

if TYPE_CHECKING:
    import torch


FEW_CLASSES, MANY_ROWS = 16, 256
"""On a CPU torch's softmax takes rows of fewer numbers than a vector has one number at a time, in
0.15 µs a row; as columns they go by vectors, so many rows cost a quarter."""


class CrossEntropy(Loss):
    """The negative log-probability of the right class, from logits.

    Formula: -log softmax(z)[y], times the weight of class y.
    When: classification; the model must end in plain logits, with no softmax of its own. Of
        next-token data it is the mean over the places of a sample.
    Defaults: no class weights; ``balanced`` weights class c by n / (classes * n_c).
    Interactions: label_smoothing mixes the target with the uniform distribution.
    Source: torch.nn.functional.cross_entropy.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    takes: ClassVar[Takes | None] = "logits"
    takes_label_smoothing: ClassVar[bool] = True
    takes_places: ClassVar[bool] = True

    kind: Literal["cross_entropy"] = "cross_entropy"
    class_weights: ClassWeights = None

    def check(self, task: Task) -> None:
        needs_classes(self.kind, task)
        class_weights(self.class_weights, task)
        if task.next_token and self.class_weights is not None:
            raise CompileError(
                "next-token data has no classes to weight", "loss.class_weights", "leave it out"
            )

    def outputs(self, task: Task) -> int:
        return task.classes

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return class_targets(y)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        from torch.nn import functional

        weights = class_weights(self.class_weights, task)

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            weight = None if weights is None else weights.to(prediction)
            outputs, targets = prediction.flatten(0, -2), target.flatten()
            if outputs.shape[1] < FEW_CLASSES and len(outputs) >= MANY_ROWS:
                outputs, targets = outputs.t().unsqueeze(0), targets.unsqueeze(0)
            losses = functional.cross_entropy(
                outputs, targets, weight, reduction="none", label_smoothing=label_smoothing
            ).flatten()
            return losses.view(len(prediction), -1).mean(1) if target.ndim > 1 else losses

        plain = weights is None and label_smoothing == 0.0
        written_out = with_gradient if plain else None
        return LossFunction(
            per_sample, weight_of(weights), self.reduction, with_gradient=written_out
        )

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        return prediction.softmax(dim=-1)

    def ensemble(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the logarithm of the mean probabilities."""
        return mean_log_probability(outputs)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        mass = class_mass(self.class_weights, task, y, label_smoothing, weight)
        return constant_loss(lambda z: log_loss(z, mass), lambda: centered_log(mass), task.classes)


def with_gradient(
    prediction: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses [K, N] of logits [K, N, classes] for class indices [K, N], and the gradient
    of their sum: the probabilities, less 1 for the right class."""
    # As columns; see FEW_CLASSES.
    logs = prediction.transpose(1, 2).log_softmax(1)
    place = target.unsqueeze(1)
    losses = logs.gather(1, place).squeeze(1).neg_()
    gradient = logs.exp_()
    gradient.scatter_add_(1, place, gradient.new_full((), -1.0).expand(place.shape))
    return losses, gradient.transpose(1, 2)
