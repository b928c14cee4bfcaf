"""Keep torch's compiler out of processes that compile nothing.

``torch.optim`` imports ``torch._dynamo`` when an optimizer is made, and again in each step: one to
three seconds before the first step, with sympy and torch.distributed, for two calls that do nothing
outside a compiled program (``disable`` and ``graph_break``). In a process that is trickrun's own,
``suit`` leaves these two calls out of torch's optimizers: they run the same code on the same
numbers. It puts them back before a recipe that uses ``train.compile``, the user's own code or a
kind of another package.

Nothing is left out where torch is not as expected (another version may have changed it); then
torch imports its compiler as it always does.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from trickrun.recipe.schema import Recipe

StepFunction = Callable[..., Any]

DISABLED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""Methods of Optimizer that torch wraps in ``torch._disable_dynamo``."""

MARK = "__dynamo_disable"
"""Where ``torch._disable_dynamo`` keeps, on the function, what it calls; made at its first call."""

WRAPPER_NAMES = {
    "torch._dynamo",
    "cast",
    "Optimizer",
    "is_grad_enabled",
    "set_grad_enabled",
    "defaults",
    "_dynamo",
    "graph_break",
}
"""The names in the code of the wrapper that torch puts around each ``step``."""


class Process:
    """What is known of this process.

    Attributes:
        own: whether it is trickrun's own: the command's, or a worker's. In others, where trickrun
            is only imported, torch stays as it is.
        kept: the steps of torch's optimizers, as torch has them, while the compiler is kept out.
    """

    own = False
    kept: dict[type[Optimizer], StepFunction] | None = None


def in_own_process() -> None:
    """Say that this process is trickrun's own."""
    Process.own = True


def suit(recipe: Recipe) -> None:
    """Keep the compiler out, or let it in, as ``recipe`` allows."""
    # Not at the top: the command line imports this module before any other.
    from trickrun.params import foreign_code

    if Process.own and not recipe.train.compile and not foreign_code(recipe):
        keep_out()
    else:
        let_in()


def keep_out() -> None:
    """Leave the calls of torch._dynamo out of torch's optimizers, until ``let_in``."""
    if Process.kept is not None or "torch._dynamo" in sys.modules:
        return
    import torch
    from torch.optim import Optimizer

    steps = {
        c: c.__dict__["step"]
        for c in vars(torch.optim).values()
        if isinstance(c, type) and issubclass(c, Optimizer) and c is not Optimizer
        if "step" in c.__dict__
    }
    bodies = {c: body_of(step) for c, step in steps.items()}
    methods = [getattr(getattr(Optimizer, name), "__wrapped__", None) for name in DISABLED]
    if None in methods:
        return
    for method in methods:
        setattr(method, MARK, method)
    Process.kept = {c: steps[c] for c, body in bodies.items() if body is not None}
    for c, body in bodies.items():
        if body is not None:
            step = with_wanted_grad(body, unhooked(steps[c]))
            c.step = hooked(step) if is_hooked(steps[c]) else step  # type: ignore[method-assign]


def let_in() -> None:
    """Give torch's optimizers back the calls of torch._dynamo."""
    if Process.kept is None:
        return
    from torch.optim import Optimizer

    for name in DISABLED:
        delattr(getattr(Optimizer, name).__wrapped__, MARK)
    for c, step in Process.kept.items():
        built_meanwhile = is_hooked(c.step) and not is_hooked(step)
        c.step = hooked(step) if built_meanwhile else step  # type: ignore[method-assign]
    Process.kept = None


def body_of(step: StepFunction) -> StepFunction | None:
    """Return the function that torch's wrapper around a ``step`` calls; None if the wrapper is not
    the one that is known."""
    step = unhooked(step)
    code = getattr(step, "__code__", None)
    if code is None or code.co_name != "_use_grad" or set(code.co_names) != WRAPPER_NAMES:
        return None
    return getattr(step, "__wrapped__", None)


def with_wanted_grad(body: StepFunction, as_torch_has_it: StepFunction) -> StepFunction:
    """Return torch's wrapper around ``body`` without its calls of torch._dynamo: the step records
    gradients only if the optimizer is to be differentiated.

    A subclass that has no step of its own keeps the one that it was built with, for its hooks. Once
    the compiler is let in, this is therefore the step ``as_torch_has_it``.
    """
    import torch

    @functools.wraps(body)
    def step(optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if Process.kept is None:
            return as_torch_has_it(optimizer, *args, **kwargs)
        before = torch.is_grad_enabled()
        try:
            torch.set_grad_enabled(optimizer.defaults["differentiable"])
            return body(optimizer, *args, **kwargs)
        finally:
            torch.set_grad_enabled(before)

    return step


def hooked(step: StepFunction) -> StepFunction:
    """Return ``step`` as torch makes it when the first optimizer of its class is built: with the
    hooks around it.

    A class that has not been built has none. A subclass whose step calls it would else run its
    hooks twice a step.
    """
    from torch.optim import Optimizer

    with_hooks = Optimizer.profile_hook_step(step)
    with_hooks.hooked = True  # type: ignore[attr-defined]
    return with_hooks


def is_hooked(step: StepFunction) -> bool:
    """Return whether ``step`` is one that ``hooked`` or torch made."""
    return bool(getattr(step, "hooked", False))


def unhooked(step: StepFunction) -> StepFunction:
    """Return the step within one that has hooks around it; another one as it is."""
    found: StepFunction = getattr(step, "__wrapped__", step) if is_hooked(step) else step
    return found
