"""What a program has: which tensors its losses reach, which its optimizers have, and which a model.

It is asked again and again while the objects exist: a program may make them in a function, and they
are gone when it returns.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from itertools import combinations

import torch
from torch import nn

from trickrun.findings.evidence.program import Cut, Unreached
from trickrun.watching.cuts import Cuts
from trickrun.watching.models import ForwardWatch, share_remembered
from trickrun.watching.optimizers import OptimizerRecord


class Stock:
    """The tensors that were seen, by identity.

    Args:
        leaves: those that a looked-at loss depends on.
        owned: those that an optimizer has, or had.
        loose: shapes of parameters that get gradients and belong to no model and no optimizer.
        samples: see Program.
    """

    def __init__(self) -> None:
        self.leaves: dict[int, weakref.ref[torch.Tensor]] = {}
        self.owned: dict[int, weakref.ref[torch.Tensor]] = {}
        self.loose: dict[int, tuple[int, ...]] = {}
        self.samples: tuple[Cut, ...] = ()

    def reached(self, leaves: Iterable[torch.Tensor]) -> None:
        """Take note of the tensors that a loss depends on."""
        self.leaves.update({id(leaf): weakref.ref(leaf) for leaf in leaves})

    def is_leaf(self, parameter: torch.Tensor) -> bool:
        """Whether a looked-at loss depends on a parameter."""
        reference = self.leaves.get(id(parameter))
        return reference is not None and reference() is parameter

    def is_owned(self, parameter: torch.Tensor) -> bool:
        """Whether an optimizer has, or had, a parameter."""
        reference = self.owned.get(id(parameter))
        return reference is not None and reference() is parameter

    def take(self, records: list[OptimizerRecord], forward: ForwardWatch, cuts: Cuts) -> None:
        """Take note of what can only be asked of objects that still exist."""
        names, owners = names_of(forward), owners_of(forward)
        for record in records:
            find_unreached(record, names, owners, forward, cuts)
        self.samples = cuts.samples(names) or self.samples
        for record in records:
            self.owned.update({id(p): weakref.ref(p) for p in record.parameters()})
        for module, model in forward.models.items():
            model.remembered = share_remembered(module)
            unowned = [pair for pair in module.named_parameters() if not self.is_owned(pair[1])]
            homeless = tuple(name for name, parameter in unowned if self.is_leaf(parameter))
            # Of parameters that are made anew in each pass, those of the last look are known.
            model.homeless = homeless if homeless or not unowned else model.homeless
        for key, reference in self.leaves.items():
            leaf = reference()
            if isinstance(leaf, nn.Parameter) and key not in names and not self.is_owned(leaf):
                self.loose[key] = tuple(leaf.shape)
        find_shared(records)
        self.find_waiting(records)

    def find_waiting(self, records: list[OptimizerRecord]) -> None:
        """Count the tensors of optimizers that do not step which get gradients all the same."""
        waiting = [record for record in records if not record.steps]
        for record in records:
            record.waiting = 0 if record.steps else record.waiting
        # Of an optimizer that is gone, what was seen before it went is kept.
        if waiting and all(record.optimizer() is not None for record in records):
            has = {id(one) for record in records if record.steps for one in record.parameters()}
            for record in waiting:
                record.waiting = sum(
                    self.is_leaf(one) and id(one) not in has for one in record.parameters()
                )


def find_shared(records: list[OptimizerRecord]) -> None:
    """Count the tensors that an optimizer has in common with an earlier one that steps too."""
    for record, other in combinations([one for one in records if one.steps], 2):
        own = {id(one) for one in record.parameters()}
        shared = sum(id(one) in own for one in other.parameters())
        if shared:
            other.shared, other.shares_with = shared, record.number


def find_unreached(
    record: OptimizerRecord,
    names: dict[int, str],
    owners: dict[int, nn.Module],
    forward: ForwardWatch,
    cuts: Cuts,
) -> None:
    """Find an optimizer's parameters that never got a gradient, with the reason, and how many
    belong to no model that ran."""
    parameters = record.parameters()
    # Looked at once, it may just not have been its turn, unless it asked for the pass itself.
    if not parameters or record.looked < (1 if record.asks else 2):
        return
    record.count = len(parameters)
    record.foreign = sum(id(parameter) not in owners for parameter in parameters)
    known = record.with_gradient
    unreached = [one for one in parameters if id(one) not in known and one.grad is None]
    record.unreached = tuple(
        Unreached(
            names.get(id(one)) or name_in(owner, one) if owner is not None else "",
            reason(one, owner, forward),
            cuts.before(one),
        )
        for one in unreached
        for owner in [owners.get(id(one))]
    )


def reason(parameter: torch.Tensor, owner: nn.Module | None, forward: ForwardWatch) -> str:
    """Return why a parameter never got a gradient."""
    if not parameter.requires_grad:
        return "frozen"
    if owner is None:
        return "foreign"
    if id(owner) in forward.called:
        return "cut off"
    if id(owner) in forward.called_without_gradients:
        return "no grad"
    return "unused"


def names_of(forward: ForwardWatch) -> dict[int, str]:
    """Return the names of the parameters of all models that ran, by identity."""
    return {
        id(parameter): f"{record.name}.{name}"
        for module, record in forward.models.items()
        for name, parameter in module.named_parameters()
    }


def owners_of(forward: ForwardWatch) -> dict[int, nn.Module]:
    """Return the layer that each parameter of what ran belongs to."""
    models = (part for module in forward.models for part in module.modules())
    return {
        id(parameter): part
        for part in (*forward.parts, *models)
        for parameter in part.parameters(recurse=False)
    }


def name_in(owner: nn.Module, parameter: torch.Tensor) -> str:
    """Return what a parameter is called in its layer, after the layer's class."""
    own = owner.named_parameters(recurse=False)
    name = next((name for name, one in own if one is parameter), "")
    return f"{type(owner).__name__}.{name}"
