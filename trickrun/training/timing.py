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


def seconds_a_step(job: Job) -> float:
    """Return how long a training step of ``job`` takes; some are taken, so the job is used up."""
    batches = job.batches(0)
    return seconds_of(lambda step: take_step(job, next(batches), step, [], False), job.device)


def seconds_of(step: Callable[[int], object], device: torch.device) -> float:
    """Return how long a call of ``step`` takes on ``device``: the median of a few.

    The first call is left out, because it also imports and allocates. A GPU is waited for: without
    that only the time to start its operations would be measured.

    Args:
        step: called with 0, 1, ….
    """
    seconds: list[float] = []
    while len(seconds) < TIMED and (len(seconds) < 2 or sum(seconds) < TIMING_SECONDS):
        started = time.perf_counter()
        step(len(seconds))
        wait_for(device)
        seconds.append(time.perf_counter() - started)
    return statistics.median_low(seconds[1:])


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
