"""Derivatives of a scalar function by a network's parameters: from autograd, and by differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import torch

from trickrun.findings.rules.gradients import DOUBTFUL, GOOD, ParameterCheck

Named = Sequence[tuple[str, torch.nn.Parameter]]

Function = Callable[[], torch.Tensor]
"""The scalar to differentiate, at the parameters as they are now; deterministic."""

SUSPECT = 10 * GOOD
"""Relative error from which on the step is repeated smaller, to tell a kink from a fault."""

SMALLER = 100.0
"""By how much smaller."""


@dataclass(frozen=True)
class Direction:
    """A way through one parameter: along an entry, or through all entries at once.

    Args:
        step: the direction [*parameter], of length 1.
        entry: the entry's index; None for all at once.
    """

    parameter: torch.nn.Parameter
    step: torch.Tensor
    entry: tuple[int, ...] | None

    def analytic(self, gradient: torch.Tensor) -> float:
        """Return the derivative in this direction, from the gradient."""
        return float((gradient * self.step).sum())


@dataclass(frozen=True)
class Comparison:
    """The two derivatives in one direction.

    Args:
        kink: whether the function has a kink within the step, so that they need not agree.
    """

    direction: Direction
    analytic: float
    numeric: float
    error: float
    kink: bool


def gradients(function: Function, parameters: Named) -> dict[str, torch.Tensor | None]:
    """Return the gradient by each parameter; None where the function does not depend on it."""
    value = function()
    if not value.requires_grad:
        return dict.fromkeys(name for name, _ in parameters)
    found = torch.autograd.grad(value, [p for _, p in parameters], allow_unused=True)
    return {name: gradient for (name, _), gradient in zip(parameters, found, strict=True)}


def directions(
    parameter: torch.nn.Parameter,
    gradient: torch.Tensor,
    count: int,
    generator: torch.Generator,
    held: int | None = None,
) -> list[Direction]:
    """Return ``count`` entries of a parameter, half of them at random and half where the gradient
    is largest, and one random direction through all entries.

    The largest ones, because most of a ReLU network's entries have no gradient on few samples.

    Args:
        held: a row that backpropagation leaves out on purpose; no direction goes through it.
    """
    size = parameter.numel()
    free = torch.ones(parameter.shape, dtype=torch.bool)
    if held is not None:
        free[held] = False
    drawn = torch.randperm(size, generator=generator)
    drawn = drawn[free.flatten()[drawn]][: count - count // 2]
    sizes = gradient.abs().cpu().masked_fill(~free, -1.0).flatten()
    largest = sizes.topk(min(count // 2, int(free.sum()))).indices
    ways = []
    for flat in dict.fromkeys([*largest.tolist(), *drawn.tolist()]):
        step = torch.zeros_like(parameter)
        step.view(-1)[flat] = 1.0
        entry = tuple(int(i) for i in torch.unravel_index(torch.tensor(flat), parameter.shape))
        ways.append(Direction(parameter, step.detach(), entry))
    if size > 1:
        step = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype) * free
        ways.append(Direction(parameter, (step / step.norm()).to(parameter.device), None))
    return ways


def compare(
    function: Function, value: float, direction: Direction, gradient: torch.Tensor, h: float
) -> Comparison:
    """Return analytic and numeric derivative in one direction, and whether a kink is between.

    Args:
        value: the function's, here.
    """
    analytic = direction.analytic(gradient)
    numeric = fmean(slopes(function, value, direction, h))
    error = relative_error(analytic, numeric, rounding(value, h) / GOOD)
    if error <= SUSPECT:
        return Comparison(direction, analytic, numeric, error, False)
    small = h / SMALLER
    right, left = slopes(function, value, direction, small)
    # A kink between the small step and the large one is out of reach now.
    gone = abs(analytic - fmean((right, left))) <= abs(analytic - numeric) / 10
    # On a kink, the gradients to both sides are right. A wrong one is wrong there too.
    floor = rounding(value, small) / DOUBTFUL
    beside = (gradient_at(function, direction, offset) for offset in (small, -small))
    stays = all(
        relative_error(there, slope, floor) <= DOUBTFUL
        for there, slope in zip(beside, (right, left), strict=True)
    )
    return Comparison(direction, analytic, numeric, error, gone or stays)


@torch.no_grad()
def gradient_at(function: Function, direction: Direction, offset: float) -> float:
    """Return the derivative that backpropagation gives a little further in the direction."""
    parameter, start = direction.parameter, direction.parameter.detach().clone()
    parameter.add_(direction.step, alpha=offset)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(function(), parameter)
    parameter.copy_(start)
    return direction.analytic(gradient)


@torch.no_grad()
def slopes(function: Function, value: float, direction: Direction, h: float) -> tuple[float, float]:
    """Return the difference quotients to the right and to the left; their mean is the centred one.

    The step is ``h``, or for entries larger than 1 that share of the entry.
    """
    parameter, start = direction.parameter, direction.parameter.detach().clone()
    size = h * max(1.0, abs(float((start * direction.step).sum())))
    parameter.add_(direction.step, alpha=size)
    right = float(function())
    parameter.copy_(start).sub_(direction.step, alpha=size)
    left = float(function())
    parameter.copy_(start)
    return (right - value) / size, (value - left) / size


def rounding(value: float, h: float) -> float:
    """Return what a function's last bit makes of a difference quotient over ``h``."""
    return torch.finfo(torch.float64).eps * max(abs(value), 1e-300) / h


def relative_error(analytic: float, numeric: float, floor: float) -> float:
    """Return |a - n| / max(|a|, |n|, floor): CS231n's measure.

    Args:
        floor: the smallest derivative that differences can tell to within GOOD.
    """
    return abs(analytic - numeric) / max(abs(analytic), abs(numeric), floor)


def check_parameter(
    name: str,
    of: Literal["loss", "penalty"],
    function: Function,
    value: float,
    ways: Sequence[Direction],
    gradient: torch.Tensor,
    h: float,
) -> ParameterCheck:
    """Return the comparison of one parameter's gradient with differences."""
    compared = [compare(function, value, way, gradient, h) for way in ways]
    counted = [c for c in compared if not c.kink]
    worst = max(counted or compared, key=lambda c: math.inf if math.isnan(c.error) else c.error)
    return ParameterCheck(
        name=name,
        of=of,
        relative_error=worst.error if counted else 0.0,
        checked=len(compared),
        kinks=len(compared) - len(counted),
        analytic=worst.analytic,
        numeric=worst.numeric,
        entry=worst.direction.entry,
        largest_gradient=float(gradient.abs().max()),
    )


def sweep(
    function: Function,
    value: float,
    ways: Sequence[tuple[Direction, torch.Tensor]],
    steps: Sequence[float],
) -> list[float]:
    """Return, for each step size, the relative error of all derivatives together.

    Args:
        value: the function's, here.
        ways: directions, each with its parameter's gradient.
        steps: the values of h.
    """
    analytic = [way.analytic(gradient) for way, gradient in ways]
    errors = []
    for h in steps:
        numeric = [fmean(slopes(function, value, way, h)) for way, _ in ways]
        largest = max(math.hypot(*analytic), math.hypot(*numeric), 1e-300)
        errors.append(math.dist(analytic, numeric) / largest)
    return errors
