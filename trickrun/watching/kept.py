"""What becomes of a step: does it stay, does it go downhill, and is the trained model the one that
is evaluated?"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from trickrun.findings.evidence.program import EvaluatedCopy, Place
from trickrun.nn.precision import widened

MOST = 200_000
"""Entries of a tensor that is copied to see what becomes of it."""

SAMPLES = 3
"""Tensors of a model that are copied."""

GONE = 0.1
"""Share of a step that may be left where it counts as undone; own."""

WRAPPERS = ("module.", "_orig_mod.")
"""What averaged, parallel and compiled models put before the names of parameters."""


@dataclass
class LastStep:
    """What a looked-at step changed, until the next backward pass."""

    record: Any = None
    changed: list[tuple[weakref.ref[torch.Tensor], torch.Tensor, torch.Tensor]] = field(
        default_factory=list
    )

    @torch.no_grad()
    def keep(self, pairs: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Keep some of the tensors that a step changed, before and after it: of those that are not
        huge the largest, since a bound on the weights may undo steps of a small one."""
        known = (pair for pair in pairs if pair[0].numel() <= MOST)
        for parameter, before in sorted(known, key=numel, reverse=True):
            if len(self.changed) >= SAMPLES:
                break
            if not torch.equal(parameter, before):
                after = parameter.detach().clone()
                self.changed.append((weakref.ref(parameter), before, after))

    @torch.no_grad()
    def is_undone(self) -> bool | None:
        """Return whether next to nothing is left of the step; None if there is nothing to tell it
        from."""
        left = [
            share_left(now.detach(), before, after)
            for reference, before, after in self.changed
            if (now := reference()) is not None and now.shape == before.shape
        ]
        self.changed = []
        return max(left) <= GONE if left else None


def share_left(now: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> float:
    """Return how much of the step from ``before`` to ``after`` is still there: usually all."""
    if torch.equal(now, after):
        return 1.0
    return float((now - before).norm() / (after - before).norm())


def numel(pair: tuple[torch.Tensor, torch.Tensor]) -> int:
    return pair[0].numel()


def length(values: torch.Tensor) -> float:
    """Return the Euclidean norm of all entries."""
    return float(torch.linalg.vector_norm(values))


def slope(
    gradient: torch.Tensor | None,
    change: torch.Tensor,
    norm: float | None = None,
    moved: float | None = None,
) -> float | None:
    """Return the cosine between a gradient and the change of its tensor; None if one is 0.

    Args:
        norm, moved: the norms of the gradient and of the change, where they are known.
    """
    if gradient is None or gradient.layout != torch.strided or gradient.is_complex():
        return None
    norm = length(gradient) if norm is None else norm
    size = norm * (length(change) if moved is None else moved)
    if not size > 0 or not math.isfinite(size):
        return None
    return float(widened((gradient * change).sum())) / size


def rows_alike(parameter: torch.Tensor) -> bool:
    """Whether all rows of a matrix are equal: its units compute the same."""
    if parameter.ndim < 2 or min(parameter.shape[:2]) < 2 or parameter.layout != torch.strided:
        return False
    rows = parameter.detach()
    # Nearly always the first two differ.
    return torch.equal(rows[0], rows[1]) and bool((rows == rows[:1]).all())


def is_constant(weights: torch.Tensor) -> bool:
    """Whether a matrix is one number over and over, and not 0."""
    if weights.ndim < 2 or min(weights.shape[:2]) < 2 or weights.layout != torch.strided:
        return False
    # Nearly always the first two differ.
    first, second = weights.flatten()[:2].tolist()
    return first == second != 0 and bool((weights == first).all())


def plain_name(name: str) -> str:
    """Return a parameter's name without what wrappers put before it."""
    for wrapper in WRAPPERS:
        name = name.replace(wrapper, "")
    return name


@dataclass
class Beginnings:
    """The weights of trained models at the first look, by their plain names."""

    of: dict[weakref.ref[nn.Module], dict[str, torch.Tensor]] = field(default_factory=dict)
    found: dict[str, EvaluatedCopy] = field(default_factory=dict)
    helpers: dict[str, EvaluatedCopy] = field(default_factory=dict)
    loaded: weakref.WeakSet[nn.Module] = field(default_factory=weakref.WeakSet)

    @torch.no_grad()
    def keep(self, module: nn.Module) -> None:
        """Copy the smallest matrices of a model that is trained."""
        reference = weakref.ref(module)
        if reference in self.of:
            return
        matrices = [
            (name, one)
            for name, one in module.named_parameters()
            if one.requires_grad and one.ndim >= 2 and one.numel() <= MOST
        ]
        chosen = sorted(matrices, key=lambda pair: pair[1].numel())[:SAMPLES]
        if chosen:
            self.of[reference] = {plain_name(name): one.detach().clone() for name, one in chosen}

    def evaluated(self, module: nn.Module, place: Place | None) -> None:
        """Compare a model that is evaluated with each trained one that has its shapes."""
        if (copy := self.compared(module, place)) is not None:
            self.found[copy.name] = copy

    def helps(self, module: nn.Module, place: Place | None) -> None:
        """Compare a model that is called in a training step, and not trained, in the same way."""
        copy = self.compared(module, place)
        if copy is not None:
            before = self.helpers.get(copy.name)
            self.helpers[copy.name] = replace(copy, calls=before.calls + 1 if before else 1)

    def compared(self, module: nn.Module, place: Place | None) -> EvaluatedCopy | None:
        """Return how far a model has moved from where a trained one of its shapes began."""
        parameters = {plain_name(name): one for name, one in module.named_parameters()}
        own = {id(one) for one in parameters.values()}
        for reference, beginning in self.of.items():
            trained = reference()
            if trained is None or trained is module:
                continue
            now = {plain_name(name): one for name, one in trained.named_parameters()}
            alike = all(
                name in parameters and parameters[name].shape == one.shape
                for name, one in beginning.items()
            )
            if not alike or any(id(now[name]) in own for name in beginning if name in now):
                continue
            moved, learned = distance(parameters, beginning), distance(now, beginning)
            return EvaluatedCopy(
                type(module).__name__,
                place,
                moved,
                learned,
                loaded=trained in self.loaded,
                # Each change in place counts, that of an average too.
                updates=max(parameters[name]._version for name in beginning),
                still=has_no_statistics(module),
            )
        return None


def has_no_statistics(module: nn.Module) -> bool:
    """Whether a model has batch norms, and their statistics are those that they are made with."""
    known = [
        (part.running_mean, part.running_var)
        for part in module.modules()
        if isinstance(part, _BatchNorm)
    ]
    tracked = [(mean, var) for mean, var in known if mean is not None and var is not None]
    return bool(tracked) and all(
        not bool(mean.any()) and torch.equal(var, torch.ones_like(var)) for mean, var in tracked
    )


@torch.no_grad()
def distance(
    parameters: Mapping[str, torch.Tensor], beginning: Mapping[str, torch.Tensor]
) -> float:
    """Return how far weights are from others, relative to their size."""
    return fmean(
        float((parameters[name].detach() - one).norm()) / max(float(one.norm()), 1e-12)
        for name, one in beginning.items()
        if name in parameters
    )
