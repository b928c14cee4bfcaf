"""The signal work under a learning rate range test: smoothing, noise, slopes, where to stop.

Pure functions on numbers; knows no torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

WINDOW = 0.2
"""Decades of lr that smoothing averages over: less than the curve's features, which span one."""

SLOPE_REACH = 0.25
"""Decades to each side over which a slope is fitted: a difference of neighbors is mostly noise."""

RISE = 0.5
"""The test stops when the smoothed loss is above the initial one by this share of it. Measured by
the initial loss, not the best: a well-fitted loss of 0.01 doubles without any harm."""

NOISE_RISE = 6.0
"""And by this many standard deviations of single losses, for an initial loss of nearly zero."""

SIGNIFICANT = 4.0
"""Standard deviations of the smoothed loss's noise that a drop must exceed: by simulation, 1 % of
level curves of 50 to 1000 steps with normal or exponential noise do (tests/checks)."""

LEAST_DROP = 0.01
"""Share of the initial loss that a drop must exceed also where there is no noise (full batches)."""


def level_steps(lrs: Sequence[float]) -> int:
    """Return how many steps at the beginning are taken for the initial loss: the first tenth."""
    return max(5, len(lrs) // 10)


def level(lrs: Sequence[float], losses: Sequence[float]) -> tuple[float, float]:
    """Return the mean of the losses before the lr does anything, and the noise of single ones."""
    steps = level_steps(lrs)
    return float(np.mean(without_spikes(losses)[:steps])), noise(losses[:steps])


def first_rise(lrs: Sequence[float], losses: Sequence[float]) -> int | None:
    """Return the first step (from 0) at which the test stops: the loss has risen too far.

    Only the losses up to the next step count, so that a test can ask while it runs.
    """
    if len(losses) <= level_steps(lrs):
        return None
    initial, single = level(lrs, losses)
    limit = initial + max(RISE * abs(initial), NOISE_RISE * single)
    # Whether the last loss is a spike, the next one tells.
    risen = np.flatnonzero(average(without_spikes(losses)[:-1], decay(lrs)) > limit)
    return int(risen[0]) if risen.size else None


def smooth(lrs: Sequence[float], losses: Sequence[float]) -> Array:
    """Return the losses without spikes and smoothed exponentially to both sides.

    Each is the mean of all with weights beta^distance, debiased: the weights sum to one at the ends
    too. Both sides, because the usual average over the past alone lags behind, and would find the
    bottom at a too high lr.
    """
    kept, beta = without_spikes(losses), decay(lrs)
    past, future = total(kept, beta), total(kept[::-1], beta)[::-1]
    ones = np.ones(len(kept))
    weights = total(ones, beta) + total(ones, beta)[::-1] - 1
    smoothed: Array = (past + future - kept) / weights
    return smoothed


def without_spikes(losses: Sequence[float]) -> Array:
    """Return the running medians of three, which leave no single outlier and keep any slope.

    The first and the last loss have one neighbor, whose value they get.
    """
    padded = np.concatenate([losses[1:2], losses, losses[-2:-1]])
    middle: Array = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    return middle


def average(values: Array, beta: float) -> Array:
    """Return the debiased exponential moving average: weights beta^age that sum to one."""
    averages: Array = total(values, beta) / total(np.ones(len(values)), beta)
    return averages


def total(values: Array, beta: float) -> Array:
    """Return at each step the sum of the values so far with weights beta^age."""
    totals = accumulate(values.tolist(), lambda before, value: beta * before + value)
    return np.array(list(totals))


def decay(lrs: Sequence[float]) -> float:
    """Return the beta whose average reaches over WINDOW decades: 1 / (1 - beta) steps."""
    per_decade = (len(lrs) - 1) / math.log10(lrs[-1] / lrs[0])
    return 1 - 1 / max(WINDOW * per_decade, 1.0)


def significant(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """Return the least change of the smoothed loss that means anything."""
    initial, _ = level(lrs, losses)
    beta = decay(lrs)
    # At an end, where there is one side only, which is the worst: the sum of squared weights.
    share = math.sqrt((1 - beta) / (1 + beta))
    return max(LEAST_DROP * abs(initial), SIGNIFICANT * noise(losses) * share)


def noise(losses: Sequence[float]) -> float:
    """Return the standard deviation of single losses, from the median difference of neighbors.

    So neither the fall nor the few steps of a breakdown count as noise.
    """
    return float(np.median(np.abs(np.diff(losses)))) / (0.6745 * math.sqrt(2))


def first_at(smoothed: Array, level: float) -> int:
    """Return the first step whose smoothed loss is at ``level`` or below; there is one."""
    return int(np.argmax(smoothed <= level))


def slope(x: Array, y: Array) -> Array:
    """Return dy/dx at each point, by least squares over SLOPE_REACH to each side."""
    slopes = []
    for center in x:
        near = np.abs(x - center) <= SLOPE_REACH
        offset = x[near] - x[near].mean()
        slopes.append(float(offset @ y[near]) / max(float(offset @ offset), 1e-12))
    return np.array(slopes)


def valley(smoothed: Array) -> int:
    """Return the middle of the longest descent, the step that fastai calls valley.

    The longest descent is the longest subsequence of falling losses; its middle by fastai's
    arithmetic (a third and half a third of the way).
    """
    lengths = np.ones(len(smoothed), dtype=np.int64)
    for step in range(1, len(smoothed)):
        higher = smoothed[:step] > smoothed[step]
        if higher.any():
            lengths[step] = lengths[:step][higher].max() + 1
    end = int(lengths.argmax())
    length = int(lengths[end])
    third = length / 3
    return max(end - length, 0) + int(third) + int(third / 2)
