"""Watches the calls of a loss that `trickrun.watch` is given."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import nn

from trickrun.findings.evidence.program import Place
from trickrun.findings.evidence.watched_loss import WatchedLoss
from trickrun.watching.optimizers import Series
from trickrun.watching.places import calling, is_users, place_of, place_of_class
from trickrun.watching.watch import Watch


class LossWatch:
    """Keeps the values of a loss's calls until ``stop``.

    A module gets a forward hook. A function is replaced by one that calls it, where its own file
    and the main program or notebook have it by a name; other references to it are not seen.

    Args:
        loss: a module or a function.
        watch: that has begun.
    """

    def __init__(self, loss: Callable[..., Any], watch: Watch) -> None:
        self.loss, self.watch = loss, watch
        self.trained, self.tested = Series(), Series()
        self.calls, self.non_finite = 0, 0
        self.first_non_finite: int | None = None
        self.called_at: Place | None = None
        self.hooks = ExitStack()

    def start(self) -> None:
        """Begin to see its calls."""
        if isinstance(self.loss, nn.Module):
            called = self.watch.harmless(self.called)
            handle = self.loss.register_forward_hook(lambda module, given, value: called(value))
            self.hooks.callback(handle.remove)
            return
        for space in spaces_of(self.loss):
            for name in [name for name, value in space.items() if value is self.loss]:
                space[name] = passing = self.passing()
                self.hooks.callback(put_back, space, name, passing, self.loss)

    def stop(self) -> None:
        """See no more of them; everything is as it was."""
        self.hooks.close()

    def passing(self) -> Callable[..., Any]:
        """Return a function that calls the loss and takes note of its value."""
        call, called = self.loss, self.watch.harmless(self.called)
        within = False

        @functools.wraps(call)
        def watched(*given: Any, **named: Any) -> Any:
            nonlocal within
            # Under a function mode, torch's own functions call themselves again by their name.
            outer, within = not within, True
            try:
                value = call(*given, **named)
            finally:
                within = within and not outer
            if outer:
                called(value)
            return value

        return watched

    def called(self, value: Any) -> None:
        """Take note of a call: its mean, if it gave one number a sample."""
        self.calls += 1
        if self.called_at is None:
            self.called_at = calling()
        if not isinstance(value, torch.Tensor) or value.numel() == 0 or value.is_complex():
            return
        passes = self.watch.passes
        if value.is_cuda and passes % self.watch.every:
            return  # reading it waits for the device
        number = float(value.detach().double().mean())
        if not math.isfinite(number):
            self.non_finite += 1
            if self.first_non_finite is None:
                self.first_non_finite = passes
        (self.trained if value.requires_grad else self.tested).add(passes, number)

    def told(self) -> WatchedLoss:
        """Return what was seen."""
        return WatchedLoss(
            name=name_of(self.loss),
            place=written(self.loss),
            called_at=self.called_at,
            calls=self.calls,
            steps=tuple(self.trained.at),
            values=tuple(self.trained.values),
            tested_steps=tuple(self.tested.at),
            tested=tuple(self.tested.values),
            non_finite=self.non_finite,
            first_non_finite=self.first_non_finite,
        )


def spaces_of(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """Return the namespaces that may have a function by a name: its own file's, the program's."""
    names = dict.fromkeys((getattr(function, "__module__", None), "__main__"))
    found = [sys.modules.get(name) for name in names if isinstance(name, str)]
    return [vars(module) for module in found if module is not None]


def put_back(space: dict[str, Any], name: str, passing: object, loss: object) -> None:
    """Give a function its name back, unless the program has given it to something else."""
    if space.get(name) is passing:
        space[name] = loss


def name_of(loss: Callable[..., Any]) -> str:
    """Return what people call a loss."""
    if isinstance(loss, nn.Module):
        return type(loss).__name__
    return getattr(loss, "__name__", type(loss).__name__)


def written(loss: Callable[..., Any]) -> Place | None:
    """Return where a loss is written, if that is the user's code."""
    if isinstance(loss, nn.Module):
        return place_of_class(type(loss))
    code = getattr(loss, "__code__", None)
    if code is None or not is_users(code.co_filename):
        return None
    return place_of(code.co_filename, code.co_firstlineno)
