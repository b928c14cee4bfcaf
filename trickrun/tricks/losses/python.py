from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError, NoGradient
from trickrun.params import PythonTarget
from trickrun.tricks.losses._loss import Loss, LossFunction
from trickrun.user_code import call, resolve

if TYPE_CHECKING:
    import torch


class PythonLoss(PythonTarget, Loss):
    """Your own loss: ``f(prediction, target, **args)`` returns losses [N] or their mean.

    Formula: yours. The prediction is [N, outputs]; the target is int64 class indices [N], or float
        values or 0/1 labels [N, targets].
    When: a loss that trickrun does not have.
    Defaults: the model has one output per class or target value.
    Interactions: a scalar counts as the mean over the batch, also where reduction is sum. Metrics
        see the predictions as class scores, of labels as probabilities.
    Source: yours.
    """

    takes_places: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    example: ClassVar[str] = """\
def loss(prediction, target):
    losses = nn.functional.cross_entropy(prediction, target, reduction="none")
    return losses  # [N]
"""

    kind: Literal["python"] = "python"

    def outputs(self, task: Task) -> int:
        return task.classes if task.kind == "classification" else task.targets

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        if task.kind == "classification":
            return y.long()
        return y if y.is_floating_point() else y.float()

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        import torch

        function = resolve(self.target, folder, self.taught)

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            losses = call(
                function, self.target, prediction, target, args=self.args, teach=self.taught
            )
            found = a_sample(losses, len(prediction), self.target)
            if prediction.requires_grad and torch.is_grad_enabled() and not found.requires_grad:
                raise NoGradient(
                    "what it returned has no gradient, so nothing can be learned from it",
                    self.target,
                    "look for detach, item, numpy, argmax, rounding or a comparison in it",
                )
            return found

        return LossFunction(per_sample, reduction=self.reduction)


def a_sample(losses: object, samples: int, target: str) -> torch.Tensor:
    """Return what user code gave as one number a sample [N]; CompileError if it cannot be that."""
    import torch

    real = isinstance(losses, torch.Tensor) and not losses.is_complex()
    if isinstance(losses, torch.Tensor) and real and losses.shape in ((), (samples,)):
        return losses.expand(samples)
    given = list(losses.shape) if isinstance(losses, torch.Tensor) else type(losses).__name__
    if isinstance(losses, torch.Tensor) and not real:
        given = "complex numbers"
    raise CompileError(
        f"it returned {given} for a batch of {samples} samples",
        target,
        PythonLoss.taught(f"return a tensor [{samples}], one loss per sample, or a scalar tensor"),
    )
