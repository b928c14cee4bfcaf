"""Optimizers like a given one, of a copy's parameters."""

from __future__ import annotations

import copy
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from trickrun.checks.interventions.rates import USUAL_LR
from trickrun.errors import TrickrunError

MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def maker_of(optimizer: Any, model: nn.Module) -> MakeOptimizer:
    """Return what makes an optimizer of any parameters.

    Args:
        optimizer: one of the parameters of ``model``; or what makes one; None: Adam.

    Raises TrickrunError if it is none of these, or is of other parameters.
    """
    if optimizer is None:
        return lambda parameters: torch.optim.Adam(parameters, USUAL_LR)
    if isinstance(optimizer, torch.optim.Optimizer):
        refuse_closures(optimizer)
        places = {id(p): place for place, p in enumerate(model.parameters())}
        of = [p for group in optimizer.param_groups for p in group["params"]]
        if not all(id(p) in places for p in of):
            raise TrickrunError(
                "it has parameters that are not the model's",
                "optimizer",
                "build it of model.parameters(), after the model has got its last layer",
            )
        order = [[places[id(p)] for p in group["params"]] for group in optimizer.param_groups]
        return like(bare(optimizer), order, len(places))
    if not callable(optimizer):
        given = type(optimizer).__name__
        hint = "give an optimizer, or a function from parameters to one"
        raise TrickrunError(f"this is {given}", "optimizer", hint)
    return checked(optimizer)


def refuse_closures(optimizer: torch.optim.Optimizer) -> None:
    """Raise TrickrunError for an optimizer whose step must be given a closure, as LBFGS."""
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise TrickrunError(
            f"{type(optimizer).__name__} calls a closure, and the checks take plain steps",
            "optimizer",
            "leave the optimizer out: then it is Adam. trickrun.watch takes closures",
        )


def checked(make: Callable[[Iterable[nn.Parameter]], Any]) -> MakeOptimizer:
    """Return ``make``, which raises TrickrunError if it makes no optimizer."""

    def made(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        found = make(parameters)
        if not isinstance(found, torch.optim.Optimizer):
            given = type(found).__name__
            raise TrickrunError(f"the function returned {given}, no optimizer", "optimizer")
        refuse_closures(found)
        return found

    return made


def bare(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Return a copy of an optimizer without parameters and state, at the learning rate that it was
    built with: a schedule may have begun at a small one."""
    own = [p for group in optimizer.param_groups for p in group["params"]]
    memo: dict[int, Any] = {id(p): p for p in own}
    memo[id(optimizer.state)] = defaultdict(dict)
    found = duplicate(optimizer, memo)
    for group in found.param_groups:
        group["params"] = []
        group["lr"] = float(group.pop("initial_lr", group["lr"]))
    return found


def duplicate(optimizer: torch.optim.Optimizer, memo: dict[int, Any]) -> torch.optim.Optimizer:
    """Return a deep copy of an optimizer, with what a subclass adds: torch's own copy forgets
    that."""
    found = copy.deepcopy(optimizer, memo)
    for name, value in vars(optimizer).items():
        if name not in vars(found) and name != "step":  # which a schedule has wrapped
            setattr(found, name, copy.deepcopy(value, memo))
    return found


def like(plain: torch.optim.Optimizer, order: list[list[int]], count: int) -> MakeOptimizer:
    """Return what makes an optimizer like ``plain``.

    Args:
        order: the places of each group's parameters among the model's; parameters of another
            model, of which there are not ``count``, are one group with the settings of the first.
    """

    def make(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        own, found = list(parameters), duplicate(plain, {})
        if len(own) == count:
            for group, places in zip(found.param_groups, order, strict=True):
                group["params"] = [own[place] for place in places]
        else:
            found.param_groups = [{**found.param_groups[0], "params": own}]
        return found

    return make
