"""Noise and trend of a short curve: what a judgement of loss curves rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median


def smoothed(values: Sequence[float]) -> list[float]:
    """Return the running median over about a tenth of the curve, at least 3 values.

    A median, because one bad evaluation must not look like a trend. The window is symmetric, so
    that a steep beginning stays as it is; only at the end it is cut, where a trend is worth more.
    """
    half = max(3, len(values) // 10) // 2
    return [median(values[i - min(i, half) : i + min(i, half) + 1]) for i in range(len(values))]


def noise(values: Sequence[float]) -> float:
    """Return the standard deviation of an evaluation about the curve's trend.

    From the median size of second differences over the last two thirds, so that neither the steep
    beginning nor single spikes count. Independent noise of deviation s has second differences of
    deviation sqrt(6) s, and a median size of 0.6745 times that. 0 with fewer than five values.
    """
    late = values[len(values) // 3 :]
    if len(values) < 5:
        return 0.0
    triples = zip(late, late[1:], late[2:], strict=False)
    return median(abs(a - 2 * b + c) for a, b, c in triples) / (0.6745 * math.sqrt(6))


def reversals(values: Sequence[float]) -> list[float]:
    """Return the height of each way from a peak to the next trough, or back."""
    moves = [value for value, _ in groupby(values)]
    turns = [
        here
        for before, here, after in zip(moves, moves[1:], moves[2:], strict=False)
        if (here - before) * (after - here) < 0
    ]
    # The way to the first turn is the descent itself; only what comes back is a swing.
    return [abs(b - a) for a, b in pairwise(turns)]
