"""Keep torch's compiler out of processes that compile nothing.

``torch.optim`` imports ``torch._dynamo`` when an optimizer is made, and again in each step: one to
three seconds before the first step, with sympy and torch.distributed, for two calls that do nothing
outside a compiled program (``disable`` and ``graph_break``). In a process that is trickrun's own,
``suit`` leaves these two calls out of torch's optimizers: they run the same code on the same
numbers. It puts them back before a recipe that uses ``train.compile`` or the user's own code.

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
    from trickrun.recipe.python_parts import python_parts

    if Process.own and not recipe.train.compile and not python_parts(recipe):
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
            c.step = hooked(with_wanted_grad(body))  # type: ignore[method-assign]


def let_in() -> None:
    """Give torch's optimizers back the calls of torch._dynamo."""
    if Process.kept is None:
        return
    from torch.optim import Optimizer

    for name in DISABLED:
        delattr(getattr(Optimizer, name).__wrapped__, MARK)
    for c, step in Process.kept.items():
        c.step = step if getattr(step, "hooked", False) else hooked(step)  # type: ignore[method-assign]
    Process.kept = None


def body_of(step: StepFunction) -> StepFunction | None:
    """Return the function that torch's wrapper around a ``step`` calls; None if the wrapper is not
    the one that is known."""
    if getattr(step, "hooked", False):
        step = getattr(step, "__wrapped__", step)
    code = getattr(step, "__code__", None)
    if code is None or code.co_name != "_use_grad" or set(code.co_names) != WRAPPER_NAMES:
        return None
    return getattr(step, "__wrapped__", None)


def with_wanted_grad(body: StepFunction) -> StepFunction:
    """Return torch's wrapper around ``body`` without its calls of torch._dynamo: the step records
    gradients only if the optimizer is to be differentiated."""
    import torch

    @functools.wraps(body)
    def step(optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        before = torch.is_grad_enabled()
        try:
            torch.set_grad_enabled(optimizer.defaults["differentiable"])
            return body(optimizer, *args, **kwargs)
        finally:
            torch.set_grad_enabled(before)

    return step


def hooked(step: StepFunction) -> StepFunction:
    """Return ``step`` as torch makes it when an optimizer is built: with its hooks around it.

    Optimizers that exist already would lose their hooks otherwise.
    """
    from torch.optim import Optimizer

    with_hooks = Optimizer.profile_hook_step(step)
    with_hooks.hooked = True  # type: ignore[attr-defined]
    return with_hooks
