"""What every loss shares: it says which outputs and targets it takes and gives a loss a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    import torch

    from trickrun.tricks.losses._constant import ConstantLoss

PerSample = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
WithGradient = Callable[["torch.Tensor", "torch.Tensor"], "tuple[torch.Tensor, torch.Tensor]"]

Takes = Literal["logits", "scores", "log_probabilities", "values"]
"""What a loss takes: logits, which it squashes itself; scores, whose order counts; logarithms of
probabilities; or numbers that are answers themselves."""


@dataclass(frozen=True)
class LossFunction:
    """A loss ready to use.

    Args:
        per_sample: predictions [N, ...] and prepared targets to losses [N], weighted if the loss
            has class weights, or the samples have weights.
        weight: prepared targets to the weights [N] that a mean divides by; None: all one.
        reduction: how a batch's losses become the scalar that is minimized.
        unweighted: prepared targets to what is compared with, without the weights of samples that
            stand beside it (see ``_weighted.py``); None: samples have no weights.
        with_gradient: predictions [K, N, outputs] and class indices [K, N] to losses [K, N] and the
            gradient of their sum [K, N, outputs], where that is faster than autograd; None: it is
            not known.
    """

    per_sample: PerSample
    weight: Callable[[torch.Tensor], torch.Tensor] | None = None
    reduction: Literal["mean", "sum"] = "mean"
    unweighted: Callable[[torch.Tensor], torch.Tensor] | None = None
    with_gradient: WithGradient | None = None

    def __call__(
        self, prediction: torch.Tensor, target: torch.Tensor, whole: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the scalar loss of a batch.

        Args:
            whole: the targets of all batches that make one step together; the scalar is then this
                batch's part of their loss.
        """
        losses = self.per_sample(prediction, target)
        if self.reduction == "sum":
            return losses.sum()
        if self.weight is None and whole is None:
            return losses.mean()
        count = self.count(target if whole is None else whole)
        # A batch none of whose samples counts has a loss of 0, and no gradient.
        return losses.sum() / (count if self.unweighted is None else positive(count))

    def count(self, target: torch.Tensor) -> torch.Tensor | int:
        """Return what the mean over the samples of ``target`` [N, ...] divides by: their number,
        or the sum of their weights."""
        return len(target) if self.weight is None else self.weight(target).sum()

    def bare(self, target: torch.Tensor) -> torch.Tensor:
        """Return prepared targets without the weights of samples that may stand beside them."""
        return target if self.unweighted is None else self.unweighted(target)


def positive(count: torch.Tensor | int) -> torch.Tensor | int:
    """Return a sum of weights, or 1 where it is 0."""
    return count if isinstance(count, int) else count.where(count > 0, count.new_ones(()))


class Loss(Params):
    """Parameters that every loss takes beside its own."""

    task_kind: ClassVar[TaskName | None] = None
    """What it is made for; None if the task decides, or a user's own code."""

    takes: ClassVar[Takes | None] = None
    """What the network's outputs must be; None if it is not known."""

    one_output: ClassVar[bool] = False
    """Whether the network has a single output, whatever the number of classes."""

    grows_with_error: ClassVar[bool] = False
    """Whether its gradient grows with the error, so that the targets' unit scales the steps."""

    takes_label_smoothing: ClassVar[bool] = False

    takes_places: ClassVar[bool] = False
    """Whether it can compare an answer at each place, [N, T, outputs] with [N, T]."""

    takes_labels: ClassVar[bool] = False
    """Whether it can compare several labels a sample, each 0 or 1: [N, labels] with [N, labels]."""

    reduction: Literal["mean", "sum"] = Field(
        default="mean", description="sum makes the step grow with the batch: rarely wanted"
    )

    def chosen(self, task: Task) -> Loss:
        """Return the loss that this one stands for: itself, unless the task decides."""
        return self

    def check(self, task: Task) -> None:
        """Raise CompileError if this loss cannot serve ``task`` at all."""

    def check_places(self, task: Task) -> None:
        """Raise CompileError if ``task`` asks for an answer at each place, and this loss cannot."""
        if task.next_token and not self.takes_places:
            raise CompileError(
                f"{self.kind_name} compares one answer per sample, but next-token data has "
                "one at each position",
                "loss",
                "use cross_entropy",
            )

    def check_labels(self, task: Task) -> None:
        """Raise CompileError if ``task`` asks for several 0/1 labels a sample, and this loss cannot
        compare them."""
        if task.kind == "multilabel" and not self.takes_labels:
            raise CompileError(
                f"{self.kind_name} does not compare 0/1 labels, and the data's task is multilabel",
                "loss",
                "use bce",
            )

    def outputs(self, task: Task) -> int:
        """Return how many outputs the model must have."""
        raise NotImplementedError

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        """Return all targets in the form that this loss compares predictions with.

        ``y`` is int64 class indices [N] ([N, T] for next tokens), or float values or 0/1 labels
        [N, targets].
        Floats are then brought to the job's type.
        """
        raise NotImplementedError

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        """Return the loss function for ``task``.

        Args:
            folder: the recipe's, where user code is looked for first.
            label_smoothing: share of each target that is spread over all classes, of a 0/1 label
                over 0 and 1; only a loss that
                ``takes_label_smoothing`` is given one above 0.
        """
        raise NotImplementedError

    def constant(
        self,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float = 0.0,
        weight: torch.Tensor | None = None,
    ) -> ConstantLoss | None:
        """Return its mean over targets for outputs that ignore the input; None: no closed form.

        Args:
            y: class indices [N], or values or labels [N, targets].
            label_smoothing: as the loss was built with; a loss that takes none ignores it.
            weight: of each sample [N]; None: all one.
        """
        return None

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        """Return what metrics see: class scores [N, classes] (probabilities where the loss implies
        them), the probability of each label [N, labels], or values [N, targets]."""
        return prediction

    def ensemble(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs [N, ..., outputs] that stand for the mean answer of several networks.

        Args:
            outputs: of each network [M, N, ..., outputs].
        """
        return outputs.mean(0)


LOSSES = KindFolder("trickrun.tricks.losses", "_loss.Loss")

AnyLoss = Annotated[Loss, LOSSES]
"""One of the losses, chosen by its kind."""
