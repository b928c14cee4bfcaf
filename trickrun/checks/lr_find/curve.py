"""What the loss curves of a learning rate range test say: the lr to use, or why they say nothing.

The rule. Along the logarithm of the lr, a range test's loss is level, falls, and rises again. Two
points of it are well known: where it falls *steepest*, and the *bottom*, where it stops falling.
The suggestion lies two thirds of the way from the first to the second, in log lr, because each
alone errs to its own side:

- The steepest point is where the loss moves most in the few steps that the test spends there: it
  comes the earlier, the slower the test. A run of ordinary length wants more than that.
- The bottom is where steps of that size begin to undo what they gain. A run that stays there ends
  on that noise, or diverges.

On 28 combinations of network, optimizer and data, each with two sets of three seeds, it picked an
lr as good as an exhaustive sweep's best in 53 of 56 cases; the steepest point did in 30, the bottom
in 50, anything from 0.6 to 0.8 of the way in 52 or 53. benchmarks/lr_find.py repeats most of them,
and adds others.

Pure functions on numbers; knows no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trickrun.checks.lr_find.signal import (
    Array,
    first_at,
    first_rise,
    level,
    level_steps,
    significant,
    slope,
    smooth,
    valley,
)

SHARE = 2 / 3
"""How far the suggestion lies from the steepest point towards the bottom, in log lr."""

HALF, DONE = 0.5, 0.99
"""Shares of the whole drop. The steepest fall is looked for between them, and at the second the
bottom begins. Before the first, a network that starts overconfident only unlearns that, fast and at
a far lower lr than it learns at. The lowest point may lie anywhere on a long flat bottom."""

LOST = 0.5
"""Share of the drop whose loss marks the edge."""

FALLEN, CLIMBED = 0.5, 0.1
"""Shares of the whole drop. A curve that climbs by the second after it has fallen by the first has
had its bottom: small data may settle once more at a huge lr, which is no place to train at."""

LAST = 0.25
"""Decades at the end of the range: a bottom that begins there may not be the bottom."""

WIDEST_BAND = 30.0
"""Largest ratio of two seeds' suggestions. Three ordinary seeds lie within a factor of 3 in nine
cases of ten, and never beyond 20 in 28 cases; curves of noise lie anywhere."""


@dataclass(frozen=True)
class Reading:
    """One seed's curve, read.

    Args:
        lrs, losses: as measured, up to where the test stopped.
        smoothed: the losses smoothed, of equal length.
        initial: the loss before the lr did anything: the mean of the first steps.
        steepest, valley, lowest, bottom: lrs (see the functions); NaN where the curve is refused.
        edge: the lr at which half of the drop is lost again, or where the test stopped; None if
            neither happened.
        refused: why the curve gives no suggestion; empty if it gives one.
    """

    lrs: Sequence[float]
    losses: Sequence[float]
    smoothed: Sequence[float]
    initial: float
    steepest: float = math.nan
    valley: float = math.nan
    lowest: float = math.nan
    bottom: float = math.nan
    edge: float | None = None
    refused: str = ""

    @property
    def suggestion(self) -> float:
        """The lr that this curve suggests; NaN if it is refused."""
        return float(self.steepest ** (1 - SHARE) * self.bottom**SHARE)


@dataclass(frozen=True)
class Advice:
    """What the curves of several seeds say together.

    Args:
        suggestion: the median of the seeds' suggestions, rounded to two digits; None if refused.
        low, high: the lowest and highest of them.
        steepest, valley, min_over_10: the classical picks, each the median over the seeds.
        bottom: where the loss stops falling, likewise.
        edge: the lowest lr at which a seed lost half of what it had gained.
        refused: why there is no suggestion.
    """

    suggestion: float | None
    low: float | None = None
    high: float | None = None
    steepest: float | None = None
    valley: float | None = None
    min_over_10: float | None = None
    bottom: float | None = None
    edge: float | None = None
    refused: str | None = None


def read(lrs: Sequence[float], losses: Sequence[float]) -> Reading:
    """Read one seed's curve.

    Args:
        lrs: of the whole planned test, in a geometric series.
        losses: a loss for each lr, as far as the test went; all finite.
    """
    first = level_steps(lrs)
    if len(losses) <= first:
        return Reading(
            lrs[: len(losses)],
            losses,
            losses,
            math.nan,
            refused=f"the loss is NaN or infinite at step {len(losses) + 1}, where the lr is only "
            f"{lrs[len(losses)]:.2g}. Check the data and the initial loss",
        )
    initial, _ = level(lrs, losses)
    rise = first_rise(lrs, losses)
    end = len(losses) if rise is None else rise
    smoothed = smooth(lrs, losses[:end])
    measured = Reading(lrs[:end], losses[:end], smoothed.tolist(), initial)
    least = significant(lrs, losses)
    if initial - float(smoothed.min()) <= least:
        return replace(measured, refused=flat(measured, least, None if rise is None else lrs[rise]))
    return marked(measured, smoothed, lrs, least)


def marked(measured: Reading, smoothed: Array, lrs: Sequence[float], least: float) -> Reading:
    """Return the reading of a curve that falls, with its points marked, or refused.

    Args:
        least: how far the smoothed loss must climb to mean anything.
    """
    initial, end = measured.initial, len(smoothed)
    drop = initial - float(smoothed.min())
    descent = smoothed[: climb(smoothed, initial, max(CLIMBED * drop, least))]
    drop = initial - float(descent.min())
    bottom = first_at(descent, initial - DONE * drop)
    stopped = end < len(lrs)
    if not stopped and lrs[bottom] > lrs[-1] / 10**LAST:
        return replace(
            measured,
            refused=f"the loss is still falling at the last lr, {lrs[-1]:.2g}. Raise --high",
        )
    half = first_at(descent, initial - HALF * drop)
    slopes = slope(np.log10(lrs[:end]), smoothed)[half : bottom + 1]
    lost = np.flatnonzero(smoothed[bottom:] > initial - (1 - LOST) * drop)
    edge = bottom + int(lost[0]) if lost.size else end if stopped else None
    return replace(
        measured,
        steepest=lrs[half + int(slopes.argmin())],
        valley=lrs[valley(smoothed)],
        lowest=lrs[int(smoothed.argmin())],
        bottom=lrs[bottom],
        edge=None if edge is None else lrs[edge],
    )


def climb(smoothed: Array, initial: float, height: float) -> int:
    """Return the first step at which the curve, once fallen, has climbed by ``height``.

    Its length if it never does.
    """
    lowest = np.minimum.accumulate(smoothed)
    fallen = initial - lowest > FALLEN * (initial - smoothed.min())
    climbed = np.flatnonzero(fallen & (smoothed > lowest + height))
    return int(climbed[0]) if climbed.size else len(smoothed)


def advise(readings: Sequence[Reading]) -> Advice:
    """Return what the readings of several seeds say together.

    One seed whose curve is refused refuses all: a suggestion must hold for any seed.
    """
    for reading in readings:
        if reading.refused:
            return Advice(None, refused=reading.refused)
    picks = [reading.suggestion for reading in readings]
    low, high = min(picks), max(picks)
    refused = None
    if high > WIDEST_BAND * low:
        refused = (
            f"the seeds disagree. Their curves suggest {low:.2g} to {high:.2g}, more than a factor "
            f"of {WIDEST_BAND:g} apart. Use more --steps, or a larger batch"
        )
    edges = [reading.edge for reading in readings if reading.edge is not None]
    return Advice(
        suggestion=None if refused else float(f"{middle(picks):.2g}"),
        low=low,
        high=high,
        steepest=middle(reading.steepest for reading in readings),
        valley=middle(reading.valley for reading in readings),
        min_over_10=middle(reading.lowest / 10 for reading in readings),
        bottom=middle(reading.bottom for reading in readings),
        edge=min(edges, default=None),
        refused=refused,
    )


def flat(measured: Reading, least: float, risen: float | None) -> str:
    """Return the refusal of a curve that falls by no more than ``least``.

    Args:
        risen: the lr at which the test stopped, if it did.
    """
    what = (
        f"the loss does not fall. It goes from {measured.initial:.4g} to "
        f"{min(measured.smoothed):.4g} at the lowest, and a drop of up to {least:.2g} is within "
        "the noise"
    )
    if risen is None:
        return f"{what}. `trickrun overfit-batch` looks for the cause"
    return (
        f"{what}. It only rises, from lr {risen:.2g} on. Lower --low, or try `trickrun "
        "overfit-batch`"
    )


def middle(values: Iterable[float]) -> float:
    """Return the median on a logarithmic scale."""
    return float(np.exp(np.median(np.log(list(values)))))
