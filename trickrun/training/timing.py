"""How long a training step takes: the one measurement that checks, budgets and searches share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from trickrun.training.job import Job
from trickrun.training.loop import take_step

TIMED, TIMING_SECONDS = 6, 1.0
"""Steps that are timed, and after how many seconds two are enough."""


Clock = Callable[[], float]


def seconds_a_step(job: Job, clock: Clock | None = None) -> float:
    """Return how long a training step of ``job`` takes; some are taken, so the job is used up.

    Args:
        clock: see ``seconds_of``.
    """
    batches = job.batches(0)
    return seconds_of(
        lambda step: take_step(job, next(batches), step, [], False), job.device, clock
    )


def processor_clock(device: torch.device) -> Clock | None:
    """Return the clock for work that takes turns with other work: on a CPU that of this process,
    which stands still meanwhile."""
    return time.process_time if device.type == "cpu" else None


def seconds_of(
    step: Callable[[int], object], device: torch.device, clock: Clock | None = None
) -> float:
    """Return how long a call of ``step`` takes on ``device``: the median of a few.

    The first call is left out, because it also imports and allocates. A GPU is waited for: without
    that only the time to start its operations would be measured.

    Args:
        step: called with 0, 1, ….
        clock: tells the time in seconds; None: time.perf_counter.
    """
    clock = clock or time.perf_counter
    seconds: list[float] = []
    while len(seconds) < TIMED and (len(seconds) < 2 or sum(seconds) < TIMING_SECONDS):
        started = clock()
        step(len(seconds))
        wait_for(device)
        seconds.append(clock() - started)
    return statistics.median_low(seconds[1:])


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
