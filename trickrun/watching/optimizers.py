"""What an optimizer does between backward passes: are its gradients cleared, fresh, there at all?

A tensor counts its changes in place (``_version``), so that whether a gradient was touched is known
without reading a value. One parameter stands for all of an optimizer's, so that this costs a
microsecond a step.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from trickrun.findings.evidence.program import Place, SteppedOptimizer, Unreached
from trickrun.watching.kept import slope
from trickrun.watching.places import calling

KEPT = 4096
"""Learning rates that are kept; beyond it every other one is left out."""

DECOUPLED = ("AdamW", "Lion", "Adafactor", "Muon")
"""Optimizers that take their weight decay from the weights, not through the gradient."""

Mark = tuple[int, int] | None
"""A gradient's identity and the count of its changes; None: there is none."""


def mark(parameter: torch.Tensor) -> Mark:
    """Return what tells whether a parameter's gradient has been touched since."""
    gradient = parameter.grad
    return None if gradient is None else (id(gradient), gradient._version)


UNKNOWN: Mark = (0, -1)
"""The mark of a gradient that was not attended to."""


def has_values(gradient: torch.Tensor | None) -> bool:
    """Whether a gradient has an entry that is not 0."""
    if gradient is None:
        return False
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    return bool(values.any())


@dataclass
class Series:
    """Numbers with the passes at which they were seen, thinned where they are many."""

    at: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    every: int = 1
    offered: int = 0

    def add(self, at: int, value: float) -> None:
        """Keep a number, if it is its turn."""
        if self.offered % self.every == 0:
            self.at.append(at)
            self.values.append(float(value))
            if len(self.at) >= KEPT:
                self.at, self.values, self.every = self.at[::2], self.values[::2], 2 * self.every
        self.offered += 1


@dataclass
class Bare:
    """A tensor that stands for those that a program without optimizers updates by hand.

    Its values are compared: updates through ``.data`` leave no other trace.
    """

    leaf: weakref.ref[torch.Tensor] | None = None
    before: tuple[torch.Tensor, torch.Tensor | None] | None = None
    judged: int = 0
    uncleared: int = 0
    slopes: list[float] = field(default_factory=list)
    still: list[tuple[int, ...]] = field(default_factory=list)
    leaves: list[weakref.ref[torch.Tensor]] = field(default_factory=list)

    def tensors(self) -> list[torch.Tensor]:
        """Return the tensors that the last looked-at loss depends on."""
        return [leaf for one in self.leaves if (leaf := one()) is not None]

    def look(self, leaves: tuple[torch.Tensor, ...]) -> None:
        """Judge whether the gradient was cleared if the tensor has been updated since the last
        pass; choose another tensor if it is gone."""
        self.leaves = [weakref.ref(one) for one in leaves]
        leaf = self.leaf() if self.leaf is not None else None
        before, self.before = self.before, None
        if leaf is None or not any(leaf is one for one in leaves):
            smallest = min(leaves, key=torch.Tensor.numel, default=None)
            self.leaf = weakref.ref(smallest) if smallest is not None else None
        elif before is not None and not torch.equal(leaf.detach(), before[0]):
            self.judged += 1
            self.uncleared += has_values(leaf.grad)
            along = slope(before[1], leaf.detach() - before[0])
            self.slopes += [along] if along is not None else []

    def look_comes(self) -> None:
        """Keep the tensor and its gradient as the pass before a look has left them."""
        leaf = self.leaf() if self.leaf is not None else None
        if leaf is not None:
            gradient = leaf.grad.detach().clone() if leaf.grad is not None else None
            self.before = leaf.detach().clone(), gradient


@dataclass(frozen=True)
class Settings:
    """What an optimizer was given; the largest weight decay of its groups."""

    weight_decay: float = 0.0
    momentum: float = 0.0
    betas: tuple[float, ...] = ()
    decoupled: bool = False


def settings_of(optimizer: torch.optim.Optimizer) -> Settings:
    """Return an optimizer's settings, as far as they have their usual names."""
    first = optimizer.param_groups[0]
    betas = first.get("betas", ())
    plain = isinstance(betas, tuple | list) and all(isinstance(b, float | int) for b in betas)
    decays = [group.get("weight_decay", 0.0) or 0.0 for group in optimizer.param_groups]
    return Settings(
        max(float(one) for one in decays),
        float(first.get("momentum", 0.0) or 0.0),
        tuple(float(b) for b in betas) if plain else (),
        bool(first.get("decoupled_weight_decay", type(optimizer).__name__ in DECOUPLED)),
    )


class OptimizerRecord:
    """One optimizer, from its first step or its construction on."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, place: Place | None, number: int = 0
    ) -> None:
        self.number = number
        self.optimizer = weakref.ref(optimizer)
        self.kind = type(optimizer).__name__
        self.place = place
        self.lrs = Series()
        self.steps = self.attended = self.judged = self.uncleared = self.empty = 0
        self.looked = self.zero = 0
        self.stepped_at: Place | None = None
        self.probe: torch.Tensor | None = None
        self.mark: Mark = None
        self.cleared: bool | None = None
        self.with_gradient: set[int] = set()
        self.count = self.foreign = 0
        self.unreached: tuple[Unreached, ...] = ()
        self.settings = Settings()
        self.first = next((weakref.ref(one) for one in self.parameters()), None)
        self.version = 0
        self.given = self.reached = False
        # Whether its steps ask for backward passes of their own.
        self.asks = False
        self.still = self.waiting = self.scaled = self.kept = self.undone = 0
        self.own = self.again = self.shared = 0
        self.shares_with: int | None = None

    def made_before(self, others: Iterable[OptimizerRecord]) -> None:
        """Count the optimizers that were made at the same line for the same tensors."""
        first = self.first() if self.first is not None else None
        if first is None or self.place is None:
            return
        for other in others:
            same = other.first is not None and other.first() is first
            if same and other.place == self.place and other.steps:
                self.again = max(self.again, other.again + 1)

    def parameters(self) -> list[torch.Tensor]:
        """Return all its tensors; none once it is gone."""
        optimizer = self.optimizer()
        if optimizer is None:
            return []
        return [tensor for group in optimizer.param_groups for tensor in group["params"]]

    def rates(self) -> dict[int, float]:
        """Return the learning rate of each tensor, by identity."""
        optimizer = self.optimizer()
        groups = optimizer.param_groups if optimizer is not None else []
        return {id(one): float(group.get("lr", 0.0)) for group in groups for one in group["params"]}

    def backward_begins(self, in_closure: bool) -> None:
        """See whether the gradients were touched since the last step or pass: between them, only
        clearing does that (clipping comes after a pass and before a step).

        Args:
            in_closure: whether the step itself asks for this pass: it then uses its gradients
                at once, and they must have been cleared.
        """
        if self.probe is None or (self.cleared and not in_closure):
            return
        if self.mark is UNKNOWN or (not self.steps and not in_closure):
            return
        now = mark(self.probe)
        touched = now is None or now != self.mark
        if in_closure:
            self.judged += 1
            self.uncleared += not touched
        else:
            self.cleared = touched

    def backward_ended(self) -> None:
        """Take note of the gradients that a pass has left."""
        if self.probe is None:
            self.choose_probe()
        if self.probe is not None:
            self.mark, self.version = mark(self.probe), self.probe._version

    def see_gradients(self) -> None:
        """See whether a looked-at pass gave it gradients that are not 0."""
        self.given = any(has_values(p.grad) for p in self.parameters())

    def choose_probe(self) -> None:
        """Choose the tensor that stands for all: the last one with a gradient, a part of the head,
        which every loss depends on."""
        self.probe = next((p for p in reversed(self.parameters()) if p.grad is not None), None)

    def threw_away(self) -> bool:
        """Whether the gradients of the last pass were cleared, and the weights are as they were."""
        if (
            self.probe is None
            or self.mark in (None, UNKNOWN)
            or self.probe._version != self.version
        ):
            return False
        now = mark(self.probe)
        return now is None or (now != self.mark and not has_values(self.probe.grad))

    def step_begins(self, at: int, closure: bool, scaled: bool) -> None:
        """Judge the gradients that the step is about to use.

        Args:
            at: backward passes so far.
            closure: whether the step computes its gradients itself.
            scaled: whether a gradient scaler's factor is still on the gradients.
        """
        optimizer = self.optimizer()
        if optimizer is None:
            return
        groups = optimizer.param_groups
        self.lrs.add(at, max(float(group.get("lr", 0.0)) for group in groups))
        self.attended += 1
        if self.steps == 0:
            self.settings = settings_of(optimizer)
        self.asks = closure
        if closure:
            return
        self.scaled += scaled
        now = mark(self.probe) if self.probe is not None else None
        if self.mark is not UNKNOWN:
            self.own += now is not None and (self.mark is None or now[0] != self.mark[0])
        if self.probe is not None and self.cleared is not None:
            self.judged += 1
            self.uncleared += not self.cleared
        if self.probe is None or self.probe.grad is None:
            self.empty += all(p.grad is None for p in self.parameters())

    def forget(self) -> None:
        """Passes and steps went by unattended: the gradients may be any."""
        self.mark, self.cleared = UNKNOWN, None

    def step_ended(self, closure: bool) -> None:
        """Take note of the gradients as the step has left them.

        Args:
            closure: whether the step computed its gradients itself: they must be there then.
        """
        self.steps += 1
        self.cleared = None
        if closure and self.probe is not None:
            now = mark(self.probe)
            self.empty += now is None or (now != self.mark and not has_values(self.probe.grad))
        if self.probe is None:
            self.choose_probe()
        if self.probe is not None:
            self.mark = mark(self.probe)

    def look(self) -> None:
        """Look at all gradients that the step is about to use."""
        given = [p for p in self.parameters() if p.grad is not None]
        self.with_gradient |= {id(p) for p in given}
        self.looked += 1
        zero = bool(given) and not any(has_values(p.grad) for p in given)
        self.zero += zero
        self.still += zero and not self.given
        self.stepped_at = self.stepped_at or calling()

    def told(self) -> SteppedOptimizer:
        """Return what was seen."""
        return SteppedOptimizer(
            self.kind,
            self.place,
            tuple(self.lrs.at),
            tuple(self.lrs.values),
            self.steps,
            self.attended,
            self.judged,
            self.uncleared,
            self.empty,
            self.looked,
            self.zero,
            self.stepped_at,
            self.count,
            self.unreached,
            self.foreign,
            self.number,
            self.settings.weight_decay,
            self.settings.momentum,
            self.settings.betas,
            self.settings.decoupled,
            self.still,
            self.reached,
            self.waiting,
            self.scaled,
            self.kept,
            self.undone,
            self.own,
            self.again,
            self.shared,
            self.shares_with,
        )
