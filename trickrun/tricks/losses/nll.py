from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
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


class NLL(Loss):
    """The negative log-probability of the right class, from log-probabilities.

    Formula: -z[y], times the weight of class y.
    When: the model ends in log_softmax (``head_activation: log_softmax``); with logits use
        cross_entropy, which is both in one.
    Defaults: no class weights; ``balanced`` weights class c by n / (classes * n_c).
    Interactions: from plain logits or a softmax it has no lower bound or a wrong one.
    Source: torch.nn.functional.nll_loss.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    takes: ClassVar[Takes | None] = "log_probabilities"

    kind: Literal["nll"] = "nll"
    class_weights: ClassWeights = None

    def check(self, task: Task) -> None:
        needs_classes(self.kind, task)
        class_weights(self.class_weights, task)

    def outputs(self, task: Task) -> int:
        return task.classes

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return class_targets(y)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        from torch.nn import functional

        weights = class_weights(self.class_weights, task)

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            weight = None if weights is None else weights.to(prediction)
            return functional.nll_loss(prediction, target, weight, reduction="none")

        return LossFunction(per_sample, weight_of(weights), self.reduction)

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        return prediction.exp()

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
        """Outputs count as logits: the network must end in log_softmax."""
        mass = class_mass(self.class_weights, task, y, 0.0, weight)
        return constant_loss(lambda z: log_loss(z, mass), lambda: centered_log(mass), task.classes)
