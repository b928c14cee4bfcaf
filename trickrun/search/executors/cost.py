"""What training steps of networks of linear layers cost on this machine's CPU, told from shapes.

A step is calls, each with its overhead, and arithmetic. How many calls, and how much arithmetic a
parameter takes, is the same everywhere; what either costs is measured once per machine and kept in
a file of the user's cache. Fitted to 90 timings of networks with 1 to 8 hidden layers of 16 to 1024
units, with and without batch norm, dropout, noise and penalties, alone and in stacks of 2, 8 and
16: a prediction is off by 12 % for a trial alone and 15 % for a stack (standard deviations). So
stacks that are told to be 1.4 times as fast were faster each time.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.prepare import Prepared, with_priors
from trickrun.data.splits.source import SplitData, Task
from trickrun.errors import CannotWrite
from trickrun.nn.dropout import KeyedDropout
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.run import files, records
from trickrun.search.executors.stacked.inputs import dropped_shapes, with_given_dropout
from trickrun.search.executors.stacked.layers import is_sequence
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step

CALLS, CALLS_A_LAYER, CALLS_A_PENALTY = 5.7, 1.0, 3.7
"""Of a step of one trial, in calls of a layer with what is around it, forward and backward."""

STACK_CALLS, STACK_CALLS_A_LAYER, STACK_CALLS_A_TRIAL = 2.2, 1.1, 0.75
"""Of a step of a stack."""

UPDATE = 24
"""Samples whose passes cost as much as the optimizer's step of the same parameter."""

STACK_ARITHMETIC = 1.15
"""How many times as long the same arithmetic takes in a stack, which fits no cache."""

DRAW = 150.0
"""Parameters times samples that cost as much as drawing one entry of a dropout mask."""

SMALL, LARGE = (64, 16, 10), (64, 512, 256, 10)
"""Sizes of the two networks that are timed to learn what a call and arithmetic cost."""

SAMPLES, STEPS, WARM = 64, 30, 6
"""Samples of their batches, steps that are taken, and steps that are left out at first."""

PLAUSIBLE = {"call": (1e-7, 1e-2), "arithmetic": (1e-13, 1e-7)}
"""What is outside was not measured but written by something else."""


@dataclass(frozen=True)
class Speed:
    """What this machine's CPU takes on one thread, in seconds.

    Args:
        call: of a layer's calls in a step.
        arithmetic: of a parameter's passes, for each sample.
    """

    call: float
    arithmetic: float

    @property
    def plausible(self) -> bool:
        """Whether a machine can be like that."""
        return all(low < getattr(self, name) < high for name, (low, high) in PLAUSIBLE.items())


class Kept(records.Form):
    """The file in which a machine's speed is kept."""

    machine: str
    call: float
    arithmetic: float


@dataclass(frozen=True)
class StepCost:
    """What decides how long a job's steps take; see ``cost_of``.

    Args:
        layers: those that have weights or draw.
        penalties: terms beside the loss.
        parameters: numbers that are trained.
        samples: of a batch.
        drawn: entries of all dropout masks.
    """

    layers: int
    penalties: int
    parameters: int
    samples: int
    drawn: int

    def alone(self, speed: Speed) -> float:
        """Return the seconds of a step of one trial."""
        calls = CALLS + CALLS_A_LAYER * self.layers + CALLS_A_PENALTY * self.penalties
        return calls * speed.call + self.arithmetic(speed)

    def stacked(self, speed: Speed, trials: int, sources: int) -> float:
        """Return the seconds of a step of a stack of ``trials``, whose batches and masks are drawn
        from so many ``sources``."""
        calls = STACK_CALLS + STACK_CALLS_A_LAYER * self.layers + STACK_CALLS_A_TRIAL * trials
        draws = DRAW * self.drawn * sources * speed.arithmetic
        return calls * speed.call + STACK_ARITHMETIC * trials * self.arithmetic(speed) + draws

    def arithmetic(self, speed: Speed) -> float:
        """Return the seconds of one trial's arithmetic."""
        return self.parameters * (self.samples + UPDATE) * speed.arithmetic


def cost_of(job: Job) -> StepCost | None:
    """Return what decides how long steps of ``job`` take; None where only a timing tells: on a GPU,
    in mixed precision, and for networks whose passes in a stack are not written out."""
    if job.device.type != "cpu" or job.settings.half is not None:
        return None
    if not is_sequence(with_given_dropout(deepcopy(job.model))):
        return None
    kinds = (nn.Linear, nn.BatchNorm1d, KeyedDropout)
    return StepCost(
        layers=sum(isinstance(module, kinds) for module in job.model.modules()),
        penalties=len(job.penalties),
        parameters=sum(p.numel() for p in job.model.parameters() if p.requires_grad),
        samples=job.batch_size,
        drawn=job.batch_size * sum(math.prod(shape) for shape in dropped_shapes(job).values()),
    )


@cache
def machine_speed() -> Speed:
    """Return what this machine's CPU takes: as it was measured once, or measured now and kept.

    A file that is damaged, or of another machine, is replaced; where none can be kept, each process
    that asks measures.
    """
    path = kept_at()
    if not path.is_absolute():  # the user has no home
        return measured_speed()
    try:
        kept = Kept.model_validate(records.parse(files.content_of(path)))
        speed = Speed(kept.call, kept.arithmetic)
        if kept.machine == this_machine() and speed.plausible:
            return speed
    except (OSError, ValueError):
        pass
    speed = measured_speed()
    if speed.plausible:
        keep(path, speed)
    return speed


def keep(path: Path, speed: Speed) -> None:
    """Write a machine's speed down, if that is possible."""
    content = json.dumps({"machine": this_machine(), **asdict(speed)}) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, content.encode())
    except (OSError, CannotWrite):
        return


def kept_at() -> Path:
    """Return the file in which the speed is kept: in XDG_CACHE_HOME, else in ~/.cache."""
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(folder):
        folder = os.path.expanduser("~/.cache")
    return Path(folder) / "trickrun" / "speed.json"


def this_machine() -> str:
    """Return what the speed depends on, in words: the machine's name and kind, and torch's."""
    return " ".join((platform.node(), platform.machine(), torch.__version__))


def measured_speed() -> Speed:
    """Measure what a call and arithmetic cost, on one thread, in some 30 ms of processor time."""
    with same_threads():
        (small, a), (large, b) = ((cost, timed_step(sizes)) for sizes, cost in PROBES.items())
    # Two equations: calls * call + parameters * (samples + UPDATE) * arithmetic = seconds.
    rows = [[CALLS + one.layers, one.parameters * (one.samples + UPDATE)] for one in (small, large)]
    (p, q), (r, s) = rows
    determinant = p * s - q * r
    return Speed((a * s - b * q) / determinant, (p * b - r * a) / determinant)


@contextmanager
def same_threads() -> Iterator[None]:
    """Leave the number of threads, which compiling sets, as it is: a job may be about to train."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


PROBES = {
    sizes: StepCost(
        layers=len(sizes) - 1,
        penalties=0,
        parameters=sum((a + 1) * b for a, b in pairwise(sizes)),
        samples=SAMPLES,
        drawn=0,
    )
    for sizes in (SMALL, LARGE)
}


def timed_step(sizes: tuple[int, ...]) -> float:
    """Return the processor seconds of a step of a network of layers of ``sizes``."""
    inputs, *hidden, outputs = sizes
    tree = {
        "data": {"kind": "digits", "batch_size": SAMPLES},
        "model": {"kind": "mlp", "hidden": hidden},
        "optimizer": "adam",
        "train": {"steps": STEPS, "threads": 1, "device": "cpu"},
    }
    x = torch.randn(SAMPLES * STEPS, inputs, generator=torch.Generator().manual_seed(0))
    train = SplitData(x, torch.arange(len(x)) % outputs)
    task = with_priors(Task("classification", classes=outputs), train)
    data = Prepared(train, None, None, task, Scaler(), normalized=True)
    job = compile_recipe(from_tree(canonical(tree)), Path(), data)
    batches, seconds = job.batches(0), []
    for step in range(STEPS):
        begun = time.process_time()
        take_step(job, next(batches), step, [], False)
        seconds.append(time.process_time() - begun)
    return statistics.median_low(seconds[WARM:])
