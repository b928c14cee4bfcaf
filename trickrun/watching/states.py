"""States that a recurrent network hands on from step to step: does a gradient pass through them?

A detached state leaves no trace in the graph. But it has the values of what the same module put out
a call before, and no history.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import nn

from trickrun.findings.evidence.program import DetachedState, Place
from trickrun.watching.places import calling
from trickrun.watching.tensors import outputs_of

FEWEST = 2
"""Hand-overs within one pass from which on a state counts as handed on."""

MOST_VALUES = 1_000_000
"""Entries of a state that are compared."""

RECURRENT = (nn.RNNBase, nn.RNNCellBase)


class StateWatch:
    """Sees the states of modules that are called again and again before one backward pass."""

    def __init__(self) -> None:
        self.last: dict[int, list[torch.Tensor]] = {}
        self.handed: Counter[tuple[str, bool, Place | None]] = Counter()
        self.cut: Counter[tuple[str, bool, Place | None]] = Counter()
        self.passes: Counter[DetachedState] = Counter()

    def called(self, module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        """A module was called with gradients switched on."""
        known = isinstance(module, RECURRENT)
        if not known and not is_own_cell(module, given):
            return
        before = self.last.get(id(module), [])
        self.last[id(module)] = [one for one in outputs_of(output) if one.requires_grad]
        states = list(outputs_of(given[1:] if known else given))
        if not before or not is_one_step(module, given):
            return
        again = [one for one in states if any(same(one, other) for other in before)]
        if again:
            key = type(module).__name__, known, calling()
            self.handed[key] += 1
            self.cut[key] += not any(one.requires_grad for one in again)

    def pass_ends(self) -> None:
        """The forward pass is over: take note of what was cut in each of its steps."""
        for key, times in self.handed.items():
            if times >= FEWEST and self.cut[key] == times:
                name, known, place = key
                self.passes[DetachedState(name, place, known, 0)] += 1
        self.forget()

    def forget(self) -> None:
        """Let go of all states."""
        self.last, self.handed, self.cut = {}, Counter(), Counter()

    def told(self) -> tuple[DetachedState, ...]:
        """Return the modules whose state was detached at each step."""
        return tuple(
            DetachedState(one.module, one.place, one.recurrent, times)
            for one, times in self.passes.items()
        )


def is_one_step(module: nn.Module, given: tuple[Any, ...]) -> bool:
    """Whether a call is a single step: windows of a long sequence are cut apart on purpose."""
    first = given[0] if given and isinstance(given[0], torch.Tensor) else None
    if not isinstance(module, nn.RNNBase) or first is None or first.ndim < 2:
        return True
    return first.shape[1 if module.batch_first and first.ndim == 3 else 0] == 1


def is_own_cell(module: nn.Module, given: tuple[Any, ...]) -> bool:
    """Whether a module may be a recurrent cell that the program wrote itself: it gets samples as
    rows, and a state of each, and has no recurrent layer in it that is seen anyway."""
    if type(module).__module__.startswith("torch.") or len(given) < 2:
        return False
    rows = [one for one in given if isinstance(one, torch.Tensor)]
    values = [one for one in rows if one.is_floating_point() and one.ndim == 2]
    if len(rows) < 2 or len(values) < 2 or any(one.ndim > 2 for one in rows):
        return False
    return not any(isinstance(part, RECURRENT) for part in module.modules())


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are equal in all entries."""
    if one is other:
        return True
    if one.shape != other.shape or one.dtype != other.dtype or one.device != other.device:
        return False
    return one.numel() <= MOST_VALUES and torch.equal(one.detach(), other.detach())
