"""Puts the watcher in torch's way, and takes it out again.

torch has hooks for module calls and optimizer steps. The rest is wrapped while a program is
watched: backward passes, the beginnings of epochs, clipping, gradient scalers, schedulers, and what
makes optimizers and loaders. Each wrapper calls what was there before with the same arguments.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, cast

import torch
from torch import nn
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
)
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.data import DataLoader

from trickrun.watching.counting import Counting
from trickrun.watching.harmless import Harmless

INSIDE = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
"""The folders of torch and of trickrun."""


class Listener(Protocol):
    """What is told of a program's calls into torch."""

    def backward_begins(self, losses: tuple[torch.Tensor, ...]) -> None: ...
    def backward_ended(self) -> None: ...
    def step_begins(self, optimizer: Optimizer, closure: bool) -> None: ...
    def step_ended(self, optimizer: Optimizer) -> None: ...
    def optimizer_made(self, optimizer: Optimizer) -> None: ...
    def scheduler_made(self, scheduler: LRScheduler, optimizer: Optimizer) -> None: ...
    def scheduler_combined(self, scheduler: Any) -> None: ...
    def metric_given(self, scheduler: Any, metric: Any) -> None: ...
    def loader_made(self, loader: DataLoader[Any]) -> None: ...
    def epoch_begins(self, loader: DataLoader[Any]) -> None: ...
    def clipped(self, bound: float, norm: torch.Tensor | None) -> None: ...
    def loss_scaled(self, loss: torch.Tensor, scaled: torch.Tensor) -> None: ...
    def unscaled(self, optimizer: Optimizer) -> None: ...
    def gradients_switched_off(self) -> None: ...
    def weights_loaded(self, module: nn.Module, state: Any) -> None: ...
    def evaluation_begins(self, module: nn.Module) -> None: ...
    def compiles(self) -> None: ...
    def padded(self, output: Any, batch_first: bool) -> None: ...


@contextmanager
def replaced(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """Wrap ``owner.name``, and put back what was there."""
    before = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    setattr(owner, name, wrap(before))
    try:
        yield
    finally:
        setattr(owner, name, before)


class Heard:
    """A listener whose own failures stay with the watcher; see Harmless."""

    def __init__(self, listener: Listener, harmless: Harmless) -> None:
        for name in vars(Listener):
            if not name.startswith("_"):
                setattr(self, name, harmless(getattr(listener, name)))


@contextmanager
def listening(to: Listener, counting: Counting, harmless: Harmless) -> Iterator[None]:
    """Tell a listener of a program's calls into torch, until the end of the with statement."""
    listener = cast(Listener, Heard(to, harmless))
    with ExitStack() as stack:
        for handle in (
            register_optimizer_step_pre_hook(before_step(listener, counting)),
            register_optimizer_step_post_hook(after_step(listener, counting)),
        ):
            stack.callback(handle.remove)
        for owner, name, wrap in wrappers(listener, counting):
            stack.enter_context(replaced(owner, name, wrap))
        yield


def wrappers(to: Listener, counting: Counting) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    """Yield what is wrapped: its owner, its name and the wrapper."""
    # Tensor.backward calls it too.
    yield torch.autograd, "backward", lambda f: backward(f, to, counting)
    yield Optimizer, "__init__", lambda f: afterwards(f, to.optimizer_made)
    yield DataLoader, "__init__", lambda f: afterwards(f, to.loader_made)
    yield DataLoader, "__iter__", lambda f: before(f, to.epoch_begins)
    for kind in (LRScheduler, ReduceLROnPlateau):
        yield kind, "__init__", lambda f: scheduler_init(f, to)
    for combined in (SequentialLR, ChainedScheduler):
        yield combined, "__init__", lambda f: afterwards(f, to.scheduler_combined)
    yield ReduceLROnPlateau, "step", lambda f: plateau(f, to)
    for owner in (nn.utils, nn.utils.clip_grad):
        yield owner, "clip_grad_norm_", lambda f: clipping_norm(f, to)
        yield owner, "clip_grad_value_", lambda f: clipping_value(f, to)
    yield torch.amp.GradScaler, "scale", lambda f: scaling(f, to)
    yield torch.amp.GradScaler, "unscale_", lambda f: unscaling(f, to)
    for context in (torch.no_grad, torch.inference_mode):
        yield context, "__enter__", lambda f: entering(f, to)
    yield nn.Module, "load_state_dict", lambda f: loading(f, to)
    yield nn.Module, "eval", lambda f: before(f, to.evaluation_begins)
    yield nn.utils.rnn, "pad_packed_sequence", lambda f: padding(f, to)
    yield torch, "compile", lambda f: compiling(f, to)
    yield nn.Module, "compile", lambda f: compiling(f, to)


def before_step(to: Listener, counting: Counting) -> Callable[..., None]:
    """Return the hook before an optimizer's step."""
    counts = counting.counts_step

    def hook(optimizer: Optimizer, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        # The first of the arguments is the optimizer itself.
        if not counts(optimizer, len(given) < 2 and not named):
            closure = given[1] if len(given) > 1 else named.get("closure")
            to.step_begins(optimizer, closure is not None)

    return hook


def after_step(to: Listener, counting: Counting) -> Callable[..., None]:
    """Return the hook after an optimizer's step."""

    def hook(optimizer: Optimizer, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        if not counting.on:
            to.step_ended(optimizer)

    return hook


def backward(call: Any, to: Listener, counting: Counting) -> Any:
    """Return ``torch.autograd.backward``, which Tensor.backward calls too, so that it tells."""
    counts = counting.counts_pass

    @functools.wraps(call)
    def watched(tensors: Any, *given: Any, **named: Any) -> Any:
        if counts(tensors):
            return call(tensors, *given, **named)
        to.backward_begins((tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors))
        result = call(tensors, *given, **named)
        to.backward_ended()
        return result

    return watched


def afterwards(call: Any, tell: Callable[[Any], None]) -> Any:
    """Return a method that tells of its object once it has returned."""

    @functools.wraps(call)
    def method(self: Any, *given: Any, **named: Any) -> Any:
        result = call(self, *given, **named)
        tell(self)
        return result

    return method


def before(call: Any, tell: Callable[[Any], None]) -> Any:
    """Return a method that tells of its object before it begins."""

    @functools.wraps(call)
    def method(self: Any, *given: Any, **named: Any) -> Any:
        tell(self)
        return call(self, *given, **named)

    return method


def scheduler_init(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def init(self: LRScheduler, optimizer: Optimizer, *given: Any, **named: Any) -> None:
        call(self, optimizer, *given, **named)
        to.scheduler_made(self, optimizer)

    return init


def plateau(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def step(self: Any, metrics: Any, *given: Any, **named: Any) -> None:
        call(self, metrics, *given, **named)
        to.metric_given(self, metrics)

    return step


def clipping_norm(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def clip(parameters: Any, max_norm: float, *given: Any, **named: Any) -> torch.Tensor:
        norm: torch.Tensor = call(parameters, max_norm, *given, **named)
        to.clipped(float(max_norm), norm)
        return norm

    return clip


def clipping_value(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def clip(parameters: Any, clip_value: float, *given: Any, **named: Any) -> None:
        call(parameters, clip_value, *given, **named)
        to.clipped(float(clip_value), None)

    return clip


def padding(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def pad(*given: Any, **named: Any) -> Any:
        output = call(*given, **named)
        first = named.get("batch_first", given[1] if len(given) > 1 else False)
        to.padded(output, bool(first))
        return output

    return pad


def scaling(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def scale(self: Any, outputs: Any) -> Any:
        scaled = call(self, outputs)
        if isinstance(outputs, torch.Tensor) and scaled is not outputs:
            to.loss_scaled(outputs, scaled)
        return scaled

    return scale


def unscaling(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def unscale(self: Any, optimizer: Optimizer) -> None:
        call(self, optimizer)
        to.unscaled(optimizer)

    return unscale


def entering(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def enter(self: Any) -> Any:
        if not is_inside(sys._getframe(1)):
            to.gradients_switched_off()
        return call(self)

    return enter


def is_inside(frame: FrameType | None) -> bool:
    """Whether torch itself switches gradients off, as its clipping does, or the watcher; not so
    the decorator."""
    if frame is not None and frame.f_code.co_filename.endswith("_contextlib.py"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(INSIDE)


def loading(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def load(self: nn.Module, state: Any, *given: Any, **named: Any) -> Any:
        to.weights_loaded(self, state)
        return call(self, state, *given, **named)

    return load


def compiling(call: Any, to: Listener) -> Any:
    @functools.wraps(call)
    def compiled(*given: Any, **named: Any) -> Any:
        to.compiles()
        return call(*given, **named)

    return compiled
