"""The best answer that ignores the input: the constant output of the lowest loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.data.splits.task import Task
from trickrun.tricks.losses._base import Loss
from trickrun.tricks.losses._classes import class_weights
from trickrun.tricks.losses._values import value_targets
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL

if TYPE_CHECKING:
    import torch

BISECTIONS = 60


def best_constant(
    loss: Loss, task: Task, y: torch.Tensor, label_smoothing: float = 0.0
) -> torch.Tensor | None:
    """Return the output [outputs], in float64, of the lowest mean loss; None if there is no closed
    form.

    Args:
        y: class indices [N], or values [N, targets].
        label_smoothing: as the loss was built with; it is ignored by a loss that takes none.

    For classes it is logits, those of a single output against 0; several have mean 0.
    """
    match loss:
        case CrossEntropy() | BCE() | NLL():
            smoothing = label_smoothing if loss.takes_label_smoothing else 0.0
            logits = class_mass(loss.class_weights, task, y, smoothing).clamp(min=1e-30).log()
            return logits[1:] - logits[:1] if isinstance(loss, BCE) else logits - logits.mean()
        case MSE():
            return value_targets(y, task).double().mean(0)
        case MAE():
            return value_targets(y, task).double().median(0).values
        case Huber():
            return huber_center(value_targets(y, task).double(), loss.delta)
        case _:
            return None


def class_mass(
    weights: str | tuple[float, ...] | None, task: Task, y: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """Return how much each class's log-probability counts [classes] in the mean loss.

    Without weights these are the smoothed class shares, which sum to 1. With class weights w they
    are w_c ((1 - e) p_c + e / classes) / sum(p w), as torch.nn.functional.cross_entropy has it.
    """
    import torch

    shares = torch.bincount(y.flatten().long().cpu(), minlength=task.classes).double()
    shares /= shares.sum()
    given = class_weights(weights, task)
    weight = torch.ones_like(shares) if given is None else given.double()
    smoothed = (1 - smoothing) * shares + smoothing / task.classes
    return weight * smoothed / (weight * shares).sum()


def huber_center(values: torch.Tensor, delta: float) -> torch.Tensor:
    """Return the constants [targets] of the lowest Huber loss for ``values`` [N, targets].

    The loss is convex: its slope, the mean of errors clamped to delta, is bisected to zero.
    """
    import torch

    low, high = values.amin(0), values.amax(0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = (values - middle).clamp(-delta, delta).mean(0) > 0
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return (low + high) / 2
