"""The loss of a network that gives one answer to every input: closed forms, and the best answer.

An untrained network knows nothing about single samples, so its loss must be near that of a
constant. Everything here is in float64 and needs the targets alone, never the loss's own code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trickrun.data.splits.source import Task
from trickrun.tricks.losses._classes import class_weights

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ConstantLoss:
    """The mean loss of constant outputs over given targets.

    Outputs are logits wherever the loss is one of logits or of log-probabilities.

    Args:
        of: a constant output [outputs] to its mean loss a sample.
        find: returns the constant output of the lowest loss, which may take a while; None where
            there is no closed form.
        uniform: the output that knows nothing: zeros.
    """

    of: Callable[[torch.Tensor], float]
    find: Callable[[], torch.Tensor] | None
    uniform: torch.Tensor

    @cached_property
    def best(self) -> torch.Tensor | None:
        """The constant output of the lowest loss; None where there is no closed form."""
        return None if self.find is None else self.find()


def constant_loss(
    of: Callable[[torch.Tensor], float], find: Callable[[], torch.Tensor], outputs: int
) -> ConstantLoss:
    """Return the closed form of a loss whose best constant output [outputs] can be found."""
    import torch

    return ConstantLoss(of, find, torch.zeros(outputs, dtype=torch.float64))


def log_loss(z: torch.Tensor, mass: torch.Tensor) -> float:
    """Return sum over c of mass_c (logsumexp(z) - z_c) for logits ``z`` [classes]."""
    return float(mass.sum() * z.logsumexp(0) - mass @ z)


def centered_log(mass: torch.Tensor) -> torch.Tensor:
    """Return the logits [classes], of mean 0, that are best for ``mass`` [classes]."""
    logits = mass.clamp(min=1e-30).log()
    return logits - logits.mean()


def mean_of(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Return the mean [M] over the samples of ``values`` [N, M], by their ``weight`` [N]."""
    if weight is None:
        return values.mean(0)
    weight = weight.to(values)
    return (weight @ values) / weight.sum()


def median_of(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Return the median [M] over the samples of ``values`` [N, M], by their ``weight`` [N]: the
    least value up to which half of the weight lies."""
    if weight is None:
        return values.median(0).values
    ordered, order = values.sort(0)
    reached = weight.to(values)[order].cumsum(0)
    place = (reached >= reached[-1] / 2).long().argmax(0)
    median: torch.Tensor = ordered.gather(0, place[None])[0]
    return median


def class_mass(
    weights: str | tuple[float, ...] | None,
    task: Task,
    y: torch.Tensor,
    smoothing: float,
    weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return how much each class's log-probability counts [classes] in the mean loss.

    Without weights these are the smoothed class shares, which sum to 1. With class weights w they
    are w_c ((1 - e) p_c + e / classes) / sum(p w), as torch.nn.functional.cross_entropy has it.
    With a ``weight`` for each sample [N] the shares are those of the weights.
    """
    import torch

    each = None if weight is None else weight.double().cpu()
    shares = torch.bincount(y.flatten().long().cpu(), each, minlength=task.classes).double()
    shares /= shares.sum()
    given = class_weights(weights, task)
    weight = torch.ones_like(shares) if given is None else given.double()
    smoothed = (1 - smoothing) * shares + smoothing / task.classes
    return weight * smoothed / (weight * shares).sum()


def labels_constant(priors: torch.Tensor, smoothing: float) -> ConstantLoss:
    """Return the mean loss of constant logits [labels] for 0/1 labels: the mean over labels of
    log(1 + exp(z)) - m z, where m is the smoothed share of the samples that have the label.

    The best logit is log(m / (1 - m)), and its loss the mean of the labels' binary entropies.

    Args:
        priors: the share of the samples that have each label [labels], in float64.
        smoothing: share of each label that is spread over 0 and 1.
    """
    from torch.nn import functional

    mass = (1 - smoothing) * priors.cpu() + smoothing / 2

    def best() -> torch.Tensor:
        return mass.clamp(min=1e-30).log() - (1 - mass).clamp(min=1e-30).log()

    return constant_loss(
        lambda z: float((functional.softplus(z) - mass * z).mean()), best, len(mass)
    )
