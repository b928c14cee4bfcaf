"""Which weights are put back after a training, and are the weights that are evaluated trained?

A few entries of one tensor are kept at each evaluation: they tell from which one later weights are.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from trickrun.findings.evidence.program import Place, Restored, Untrained
from trickrun.watching.models import is_as_made

ENTRIES = 8
"""Entries of a tensor that tell its states apart."""

MOST = 10_000
"""Evaluations that are kept."""

Print = tuple[float, ...]
"""A few entries of one tensor of a model."""


@dataclass
class Checkpoints:
    """The evaluations of the trained models of one program, and what is loaded after them."""

    seen: dict[str, list[tuple[int, Print]]] = field(default_factory=dict)
    restored: Restored | None = None
    untrained: dict[str, Untrained] = field(default_factory=dict)
    loaded: weakref.WeakSet[nn.Module] = field(default_factory=weakref.WeakSet)

    def evaluated(self, module: nn.Module, passes: int) -> None:
        """A trained model is about to be evaluated."""
        known = self.seen.setdefault(type(module).__name__, [])
        if len(known) < MOST and (not known or known[-1][0] != passes):
            known.append((passes, print_of(module)))

    def loads(self, module: nn.Module, state: Any, passes: int, place: Place | None) -> None:
        """Weights are about to be loaded."""
        self.loaded.add(module)
        known = self.seen.get(type(module).__name__, [])
        if not known or not isinstance(state, Mapping):
            return
        own = module.state_dict()
        same = [is_same(state.get(name), one) for name, one in own.items() if one.numel()]
        number = None
        if (name := chosen(module)) and isinstance(state.get(name), torch.Tensor):
            number = number_of(known, first_entries(state[name]))
        if all(same) or number is not None:
            at = known[number][0] if number is not None else passes
            self.restored = Restored(
                type(module).__name__, place, passes, at, number, len(known), all(same)
            )

    @torch.no_grad()
    def tested(self, module: nn.Module, trained: list[nn.Module], passes: int,
               place: Place | None) -> None:  # fmt: skip
        """A model is evaluated that was never trained: note it if init made all its weights, and if
        not those of the trained models of its class."""
        others = [one for one in trained if type(one) is type(module)]
        if others and all_as_made(module) and not any(map(all_as_made, others)):
            name = type(module).__name__
            self.untrained[name] = Untrained(name, place, passes, module in self.loaded)


def chosen(module: nn.Module) -> str:
    """Return the name of the tensor that stands for a model: the smallest matrix."""
    matrices = [(one.numel(), name) for name, one in module.named_parameters() if one.ndim >= 2]
    return min(matrices)[1] if matrices else ""


def first_entries(tensor: torch.Tensor) -> Print:
    return tuple(tensor.detach().flatten()[:ENTRIES].tolist())


def print_of(module: nn.Module) -> Print:
    name = chosen(module)
    return first_entries(module.get_parameter(name)) if name else ()


def number_of(known: list[tuple[int, Print]], entries: Print) -> int | None:
    """Return at which of several evaluations a model had these entries."""
    return next((n for n, (_, one) in enumerate(known) if one == entries and one), None)


def is_same(value: Any, own: torch.Tensor) -> bool:
    """Whether what is loaded is the tensor itself, which was never copied."""
    return isinstance(value, torch.Tensor) and value.data_ptr() == own.data_ptr()


def all_as_made(module: nn.Module) -> bool:
    """Whether all layers of which this can be told are spread as init leaves them."""
    weights = [
        is_as_made(part, part.weight, part.weight.detach())
        for part in module.modules()
        if isinstance(part, nn.Linear | nn.modules.conv._ConvNd) and part.weight.numel() >= 500
    ]
    return bool(weights) and all(weights)
