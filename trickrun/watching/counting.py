"""Counts passes and steps while nothing needs attention, so that watching costs little.

A Python function that runs once in a step, with cold caches, costs several microseconds. So all
that is done at a counted pass or step is done in one function, and put away when attention returns.
Losses, learning rates and modes are counted; gradients are judged in attended steps only.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.optim.optimizer import Optimizer

from trickrun.watching import graph as graphs
from trickrun.watching.cuts import Cuts
from trickrun.watching.optimizers import OptimizerRecord

if TYPE_CHECKING:
    from trickrun.watching.sites import Site
    from trickrun.watching.watch import Watch

METHOD = torch.Tensor.backward.__code__

COMPUTING = (torch.autograd.backward.__code__, Optimizer.profile_hook_step(print).__code__)
"""What torch itself runs in a backward pass, and in a step of an optimizer."""

Spot = tuple[int, int]
"""A place in a code object that stays alive: its identity, and the offset of the call."""


class Counting:
    """What is counted between looks.

    Args:
        watch: the watcher whose passes and steps these are.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.on, self.possible = False, True
        self.until = 0
        self.training = True
        self.spots: dict[Spot, Site] = {}
        # Codes that live on keep their identities.
        self.codes: dict[int, CodeType] = {}
        self.losses: list[tuple[Site, int, float]] = []
        self.lrs: dict[int, tuple[OptimizerRecord, list[tuple[int, float]]]] = {}
        self.steps = 0

    def learn(self, site: Site) -> None:
        """Remember the place in the code that a line's first pass comes from: in a library, one
        place may stand for several lines, and is then not to be counted."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (frame.f_code is not METHOD or comes_from_mode(frame)):
            frame = frame.f_back
        if frame is None or frame.f_back is None:
            self.possible = False
            return
        spot = id(frame.f_back.f_code), frame.f_back.f_lasti
        self.possible = self.possible and spot not in self.spots
        self.spots[spot], self.codes[spot[0]] = site, frame.f_back.f_code

    def begin(self, until: int) -> None:
        """Only count from now on, up to the pass ``until``, where the lines are told apart."""
        if not self.possible:
            return
        self.on, self.until, self.training = True, until, not self.watch.forward.last_in_eval()
        self.lrs = {id(record.optimizer()): (record, []) for record in self.watch.records}

    def counts_pass(self, losses: Any) -> bool:
        """Count a backward pass; return whether that is all that is to be done."""
        if not self.on:
            return False
        watch = self.watch
        frame = sys._getframe(2)
        try:
            caller = cast(FrameType, frame.f_back)
            site = self.spots.get((id(caller.f_code), caller.f_lasti))
            if (
                site is None
                or frame.f_code is not METHOD
                or watch.passes >= self.until
                or watch.forward.handles
                or type(losses) is not torch.Tensor
                or losses.numel() != 1
            ):
                self.end()
                return False
            if watch.passes >= watch.answers.next:
                watch.read_answers(graphs.loss_nodes(losses), site)
            if not losses.is_cuda:
                value = losses.item()
                if value - value != 0.0:  # not finite
                    self.end()
                    return False
                self.losses.append((site, watch.passes, value))
            site.times += 1
            watch.passes += 1
            watch.site = site
            watch.stepped_last = False
            loader = watch.loaders.current
            if loader is not None:
                loader.passes += 1
        except Exception as error:
            self.failed(error)
        return True

    def counts_step(self, optimizer: Optimizer, plain: bool) -> bool:
        """Count a step; return whether that is all that is to be done.

        Args:
            plain: whether it was called without a closure.
        """
        if not self.on:
            return False
        watch = self.watch
        try:
            record, lrs = self.lrs.get(id(optimizer), NO_RECORD)
            module = watch.forward.last_trained
            model = module() if module is not None else None
            training = model is None or model.training
            known = record is not None and record.optimizer() is optimizer
            if not known or not plain or training is not self.training:
                self.end()
                return False
            groups = optimizer.param_groups
            if len(groups) == 1:
                lr = groups[0].get("lr", 0.0)
            else:
                lr = max([group.get("lr", 0.0) for group in groups])
            lrs.append((watch.passes, float(lr)))
            self.steps += 1
            watch.stepped_last = True
            loader = watch.loaders.current
            if loader is not None:
                loader.steps += 1
                loader.in_eval += not training
        except Exception as error:
            self.failed(error)
        return True

    def failed(self, error: Exception) -> None:
        """Keep a failure of the watcher's own from the program."""
        self.on = False
        self.watch.harmless.failed(error)

    def end(self) -> None:
        """Put away what was counted, and attend to each pass and step again."""
        if not self.on:
            return
        self.on = False
        for site, at, value in self.losses:
            site.losses.add(at, value)
        for record, lrs in self.lrs.values():
            record.steps += len(lrs)
            for at, lr in lrs:
                record.lrs.add(at, lr)
        self.watch.modes.add(not self.training, self.steps)
        self.losses, self.lrs, self.steps = [], {}, 0
        self.watch.attend()


def comes_from_mode(frame: FrameType) -> bool:
    """Whether a method was called again by the mode that sees operations, which it was given to."""
    return frame.f_back is not None and frame.f_back.f_code is Cuts.__torch_function__.__code__


def is_computing() -> bool:
    """Whether this is called from within a backward pass or an optimizer's step."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in COMPUTING:
            return True
        frame = frame.f_back
    return False


NO_RECORD: tuple[Any, list[tuple[int, float]]] = (None, [])
