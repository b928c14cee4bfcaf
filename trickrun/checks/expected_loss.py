"""The loss of a network that gives one answer to every input: closed forms, and the best answer.

An untrained network knows nothing about single samples, so its loss must be near that of a
constant. Everything here is in float64 and needs the targets alone, never the loss's own code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from trickrun.data.splits.task import Task
from trickrun.streams import generator
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses._constants import best_constant, class_mass
from trickrun.tricks.losses._values import value_targets
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL

DRAWS = 256


@dataclass(frozen=True)
class ConstantLoss:
    """The mean loss of constant outputs over given targets.

    Args:
        of: a constant output [outputs] to its mean loss a sample.
        best: the constant output of the lowest loss; None where there is no closed form.
        uniform: the output that knows nothing: zeros.
    """

    of: Callable[[torch.Tensor], float]
    best: torch.Tensor | None
    uniform: torch.Tensor


def constant_loss(
    loss: Loss, task: Task, y: torch.Tensor, label_smoothing: float = 0.0
) -> ConstantLoss | None:
    """Return the closed form for ``loss`` and the targets at hand; None for a user's own loss.

    Args:
        y: class indices [N], or values [N, targets].
        label_smoothing: as the loss was built with; it is ignored by a loss that takes none.

    Outputs are logits wherever the loss is one of logits or of log-probabilities: for nll the
    closed form is that of a network which ends in log_softmax, as it must.
    """
    uniform = torch.zeros(loss.outputs(task), dtype=torch.float64)
    best = best_constant(loss, task, y, label_smoothing)
    match loss:
        case CrossEntropy() | BCE() | NLL():
            smoothing = label_smoothing if loss.takes_label_smoothing else 0.0
            mass = class_mass(loss.class_weights, task, y, smoothing)
            binary = isinstance(loss, BCE)
            return ConstantLoss(lambda z: log_loss(two_logits(z, binary), mass), best, uniform)
        case Hinge():
            shares, margin = class_mass(None, task, y, 0.0), loss.margin
            return ConstantLoss(lambda z: hinge_loss(z, shares, margin), None, uniform)
        case MSE():
            values = value_targets(y, task).double()
            mean, variance = values.mean(0), values.var(0, correction=0)
            return ConstantLoss(
                lambda z: float((variance + (mean - z).square()).mean()), best, uniform
            )
        case MAE():
            values = value_targets(y, task).double()
            return ConstantLoss(lambda z: float((values - z).abs().mean()), best, uniform)
        case Huber():
            values, delta = value_targets(y, task).double(), loss.delta
            return ConstantLoss(lambda z: huber_loss(values - z, delta), best, uniform)
        case _:
            return None


def two_logits(z: torch.Tensor, binary: bool) -> torch.Tensor:
    """Return logits a class: a single logit z [1] is that of the second class, against 0."""
    return torch.cat([torch.zeros_like(z), z]) if binary else z


def log_loss(z: torch.Tensor, mass: torch.Tensor) -> float:
    """Return sum over c of mass_c (logsumexp(z) - z_c) for logits ``z`` [classes]."""
    return float(mass.sum() * z.logsumexp(0) - mass @ z)


def hinge_loss(z: torch.Tensor, shares: torch.Tensor, margin: float) -> float:
    """Return the multi-class hinge loss of constant scores ``z`` [classes]."""
    short = (margin - z[:, None] + z[None, :]).clamp(min=0).fill_diagonal_(0)
    return float((shares @ short).sum() / len(z))


def huber_loss(errors: torch.Tensor, delta: float) -> float:
    """Return the mean Huber loss of ``errors`` [N, targets]."""
    size = errors.abs()
    square = size.square() / 2
    return float(torch.where(size <= delta, square, delta * (size - delta / 2)).mean())


def typical_deviation(
    of: Callable[[torch.Tensor], float], center: torch.Tensor, std: float
) -> float:
    """Return the mean absolute change of a loss when the constant output is drawn at random.

    Args:
        of: a constant output [outputs] to its loss.
        center: the mean [outputs] of the drawn constants; ``std`` is their standard deviation.
    """
    draw = generator(0, "typical_deviation")
    noise = torch.randn((DRAWS, len(center)), generator=draw, dtype=torch.float64)
    base = of(center)
    return sum(abs(of(center + std * row) - base) for row in noise) / DRAWS
