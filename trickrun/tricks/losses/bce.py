from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.tricks.losses._classes import ClassWeights, class_weights, needs_classes
from trickrun.tricks.losses._constant import ConstantLoss, class_mass, log_loss
from trickrun.tricks.losses._loss import Loss, LossFunction, Takes

if TYPE_CHECKING:
    import torch


class BCE(Loss):
    """The negative log-probability of the right one of two classes, from one logit.

    Formula: -y log s(z) - (1 - y) log(1 - s(z)) with the sigmoid s, times the weight of class y.
    When: two classes; the model must end in one plain logit, with no sigmoid of its own. It is
        cross_entropy with half the outputs.
    Defaults: no class weights; ``balanced`` weighs class c by n / (2 * n_c).
    Interactions: label_smoothing mixes the target with 1/2.
    Source: torch.nn.functional.binary_cross_entropy_with_logits.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    takes: ClassVar[Takes | None] = "logits"
    one_output: ClassVar[bool] = True
    takes_label_smoothing: ClassVar[bool] = True

    kind: Literal["bce"] = "bce"
    class_weights: ClassWeights = None

    def check(self, task: Task) -> None:
        needs_classes(self.kind, task)
        if task.classes != 2:
            raise CompileError(
                f"bce is for two classes, the data has {task.classes}", "loss", "use cross_entropy"
            )
        class_weights(self.class_weights, task)

    def outputs(self, task: Task) -> int:
        return 1

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        """Return float targets [N, 1]: 1 for the second class."""
        return y.float().unsqueeze(1)

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        import torch
        from torch.nn import functional

        weights = class_weights(self.class_weights, task)
        zero, one = (1.0, 1.0) if weights is None else weights.tolist()

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            # Under mixed precision the logit is half, too coarse for a log near 0.
            logit = prediction.to(target)
            y = target * (1 - label_smoothing) + label_smoothing / 2
            log_one = functional.logsigmoid(logit)
            log_zero = functional.logsigmoid(-logit)
            return -(one * y * log_one + zero * (1 - y) * log_zero).squeeze(1)

        def weigh(target: torch.Tensor) -> torch.Tensor:
            return torch.where(target > 0.5, one, zero).to(target).squeeze(1)

        return LossFunction(per_sample, None if weights is None else weigh, self.reduction)

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        import torch

        return torch.cat([(-prediction).sigmoid(), prediction.sigmoid()], dim=1)

    def ensemble(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the logit of the mean probability."""
        from torch.nn import functional

        one, zero = functional.logsigmoid(outputs), functional.logsigmoid(-outputs)
        return one.logsumexp(0) - zero.logsumexp(0)

    def constant(self, task: Task, y: torch.Tensor, label_smoothing: float = 0.0) -> ConstantLoss:
        import torch

        mass = class_mass(self.class_weights, task, y, label_smoothing)
        logits = mass.clamp(min=1e-30).log()

        def of(z: torch.Tensor) -> float:
            # A single logit z [1] is that of the second class, against 0.
            return log_loss(torch.cat([torch.zeros_like(z), z]), mass)

        return ConstantLoss(of, logits[1:] - logits[:1], torch.zeros(1, dtype=torch.float64))
