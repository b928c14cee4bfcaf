"""What an optimizer does between backward passes: are its gradients cleared, fresh, there at all?

A tensor counts its changes in place (``_version``), so that whether a gradient was touched is known
without reading a value. One parameter stands for all of an optimizer's, so that this costs a
microsecond a step.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field

import torch

from trickrun.findings.evidence.program import Place, SteppedOptimizer, Unreached
from trickrun.watching.places import calling

KEPT = 4096
"""Learning rates that are kept; beyond it every other one is left out."""

Mark = tuple[int, int] | None
"""A gradient's identity and the count of its changes; None: there is none."""


def mark(parameter: torch.Tensor) -> Mark:
    """Return what tells whether a parameter's gradient has been touched since."""
    gradient = parameter.grad
    return None if gradient is None else (id(gradient), gradient._version)


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
    before: torch.Tensor | None = None
    judged: int = 0
    uncleared: int = 0

    def look(self, leaves: tuple[torch.Tensor, ...]) -> None:
        """Judge whether the gradient was cleared if the tensor has been updated since the last
        pass; choose another tensor if it is gone."""
        leaf = self.leaf() if self.leaf is not None else None
        before, self.before = self.before, None
        if leaf is None or not any(leaf is one for one in leaves):
            smallest = min(leaves, key=torch.Tensor.numel, default=None)
            self.leaf = weakref.ref(smallest) if smallest is not None else None
        elif before is not None and not torch.equal(leaf.detach(), before):
            self.judged += 1
            self.uncleared += has_values(leaf.grad)

    def look_comes(self) -> None:
        """Keep the tensor as the pass before a look has left it."""
        leaf = self.leaf() if self.leaf is not None else None
        self.before = leaf.detach().clone() if leaf is not None else None


class OptimizerRecord:
    """One optimizer, from its first step or its construction on."""

    def __init__(self, optimizer: torch.optim.Optimizer, place: Place | None) -> None:
        self.optimizer = weakref.ref(optimizer)
        self.kind = type(optimizer).__name__
        self.place = place
        self.lrs = Series()
        self.steps = self.judged = self.uncleared = self.empty = 0
        self.looked = self.zero = 0
        self.stepped_at: Place | None = None
        self.probe: torch.Tensor | None = None
        self.mark: Mark = None
        self.cleared: bool | None = None
        self.with_gradient: set[int] = set()
        self.count = self.foreign = 0
        self.unreached: tuple[Unreached, ...] = ()

    def parameters(self) -> list[torch.Tensor]:
        """Return all its tensors; none once it is gone."""
        optimizer = self.optimizer()
        if optimizer is None:
            return []
        return [tensor for group in optimizer.param_groups for tensor in group["params"]]

    def backward_begins(self, in_closure: bool) -> None:
        """See whether the gradients were touched since the last step or pass: between them, only
        clearing does that (clipping comes after a pass and before a step).

        Args:
            in_closure: whether the step itself asks for this pass: it then uses its gradients
                at once, and they must have been cleared.
        """
        if self.probe is None or (self.cleared and not in_closure):
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
        if self.probe is not None:
            self.mark = mark(self.probe)

    def step_begins(self, at: int, closure: bool) -> None:
        """Judge the gradients that the step is about to use.

        Args:
            at: backward passes so far.
            closure: whether the step computes its gradients itself.
        """
        optimizer = self.optimizer()
        if optimizer is None:
            return
        self.lrs.add(at, optimizer.param_groups[0].get("lr", 0.0))
        if closure:
            return
        if self.probe is not None and self.cleared is not None:
            self.judged += 1
            self.uncleared += not self.cleared
        if self.probe is None or self.probe.grad is None:
            self.empty += all(p.grad is None for p in self.parameters())

    def step_ended(self) -> None:
        """Take note of the gradients as the step has left them."""
        self.steps += 1
        self.cleared = None
        if self.probe is None:
            # The last one is a part of the head, which every loss depends on.
            given = (p for p in reversed(self.parameters()) if p.grad is not None)
            self.probe = next(given, None)
        if self.probe is not None:
            self.mark = mark(self.probe)

    def look(self) -> None:
        """Look at all gradients that the step is about to use."""
        given = [p for p in self.parameters() if p.grad is not None]
        self.with_gradient |= {id(p) for p in given}
        self.looked += 1
        self.zero += bool(given) and not any(has_values(p.grad) for p in given)
        self.stepped_at = self.stepped_at or calling()

    def told(self) -> SteppedOptimizer:
        """Return what was seen."""
        return SteppedOptimizer(
            self.kind,
            self.place,
            tuple(self.lrs.at),
            tuple(self.lrs.values),
            self.steps,
            self.judged,
            self.uncleared,
            self.empty,
            self.looked,
            self.zero,
            self.stepped_at,
            self.count,
            self.unreached,
            self.foreign,
        )
