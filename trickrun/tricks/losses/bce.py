from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.tricks.losses._classes import ClassWeights, class_weights, needs_classes
from trickrun.tricks.losses._constant import (
    ConstantLoss,
    class_mass,
    constant_loss,
    labels_constant,
    log_loss,
    mean_of,
)
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes

if TYPE_CHECKING:
    import torch


class BCE(Loss):
    """The negative log-probability of the right one of two classes, from one logit; of 0/1 labels
    the mean over a logit for each.

    Formula: -y log s(z) - (1 - y) log(1 - s(z)) with the sigmoid s, times the weight of class y; of
        several labels per sample (task: multilabel) the mean over them.
    When: two classes, or several labels of which each is 0 or 1; the model must end in plain
        logits, one for two classes or one per label, with no sigmoid of its own. For two classes it
        is cross_entropy with half the outputs.
    Defaults: no class weights; ``balanced`` weights class c by n / (2 * n_c).
    Interactions: label_smoothing mixes the target with 1/2. Labels take no class weights.
    Source: torch.nn.functional.binary_cross_entropy_with_logits.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    takes: ClassVar[Takes | None] = "logits"
    one_output: ClassVar[bool] = True
    takes_label_smoothing: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    kind: Literal["bce"] = "bce"
    class_weights: ClassWeights = None

    def check(self, task: Task) -> None:
        if task.kind == "multilabel":
            check_no_weights(self.class_weights)
            return
        needs_classes(self.kind, task)
        if task.classes != 2:
            raise CompileError(
                f"bce is for two classes, the data has {task.classes}", "loss", "use cross_entropy"
            )
        class_weights(self.class_weights, task)

    def outputs(self, task: Task) -> int:
        return task.targets if task.kind == "multilabel" else 1

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        """Return float targets: 1 for the second class [N, 1], or each label [N, labels]."""
        return y if task.kind == "multilabel" else y.float().unsqueeze(1)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        import torch
        from torch.nn import functional

        weights = None
        if task.kind != "multilabel":
            weights = class_weights(self.class_weights, task)
        zero, one = (1.0, 1.0) if weights is None else weights.tolist()

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            # Under mixed precision the logit is half, too coarse for a log near 0.
            logit = prediction.to(target)
            y = target * (1 - label_smoothing) + label_smoothing / 2
            log_one = functional.logsigmoid(logit)
            log_zero = functional.logsigmoid(-logit)
            return -(one * y * log_one + zero * (1 - y) * log_zero).mean(1)

        def weigh(target: torch.Tensor) -> torch.Tensor:
            return torch.where(target > 0.5, one, zero).to(target).squeeze(1)

        return LossFunction(per_sample, None if weights is None else weigh, self.reduction)

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        import torch

        if task.kind == "multilabel":
            return prediction.sigmoid()
        return torch.cat([(-prediction).sigmoid(), prediction.sigmoid()], dim=1)

    def ensemble(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the logit of the mean probability."""
        from torch.nn import functional

        one, zero = functional.logsigmoid(outputs), functional.logsigmoid(-outputs)
        return one.logsumexp(0) - zero.logsumexp(0)

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss:
        import torch

        if task.kind == "multilabel":
            return labels_constant(mean_of(y.double(), weight), label_smoothing)
        mass = class_mass(self.class_weights, task, y, label_smoothing, weight)
        logits = mass.clamp(min=1e-30).log()

        def of(z: torch.Tensor) -> float:
            # A single logit z [1] is that of the second class, against 0.
            return log_loss(torch.cat([torch.zeros_like(z), z]), mass)

        return constant_loss(of, lambda: logits[1:] - logits[:1], 1)


def check_no_weights(weights: str | tuple[float, ...] | None) -> None:
    """Raise CompileError for class weights of labels, which are no classes."""
    if weights is not None:
        raise CompileError(
            "class weights are for classes, and the data's task is multilabel",
            "loss.class_weights",
            "remove it; data.weight weights samples",
        )
