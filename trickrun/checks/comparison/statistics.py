"""Means over trainings with their intervals: differences, tests, and the odd one out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

LEVEL = 0.95
"""Of every interval; a test is called significant at what is left."""

POWER = 0.8
"""The usual chance of telling a difference that is there (Cohen 1988, Statistical Power Analysis
for the Behavioral Sciences)."""

MOST_SEEDS = 10_000
"""Beyond what anybody trains: a difference that needs more is not worth one."""

PAIRED, WELCH, RESPLIT = "paired t", "Welch t", "paired t, corrected for resplitting"
"""How an interval was computed.

The paired t interval holds its level at few pairs where the bootstrap does not: at 5 pairs the
percentile bootstrap's 95 % interval covers about 83 % (Hesterberg 2015, What Teachers Should Know
About the Bootstrap, sections 4 and 6; benchmarks/compare.py measures both). Without pairs: Welch
1947. Where each pair has a split of its own, training parts overlap and the plain interval is too
short: Nadeau & Bengio 2003, Inference for the Generalization Error, equation 9."""

NO_SPREAD = "all are equal, so their spread cannot be estimated"
ROUNDING = 1e-6
"""Share of the values below which differences are those of float32 arithmetic: the same training in
another stack of trials differs by less. Own."""
ONLY_ROUNDING = "the values of all pairs are equal, but for rounding"


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Args:
        mean: of the values, or of the differences; None: there is none.
        deviation: of those; None with fewer than two. Of unpaired values that of their difference.
        low, high: ends of the 95 % interval; None: it cannot be computed.
        p: two-sided, of a mean of 0; None as above.
        n: how many values, or pairs; of unpaired values the smaller number.
        method: how the interval was computed; empty: it was not.
        why_not: why there is no interval.
    """

    mean: float | None
    deviation: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    method: str = ""
    why_not: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def mean_of(
    values: Sequence[float], method: str = "t", test_share: float = 0.0, scale: float = 0.0
) -> Estimate:
    """Return the mean of independent values with Student's interval.

    Args:
        method: its name, for the record.
        test_share: samples that were evaluated on over those trained on, where each value has a
            random split of its own: the variance of the mean is then taken as (1/n + test_share)
            times that of the values (Nadeau & Bengio 2003). 0: all have one split.
        scale: of what the values are differences of; 0: they are no differences.
    """
    n = len(values)
    mean = statistics.fmean(values) if values else None
    if n < 2 or mean is None:
        return Estimate(mean, None, None, None, None, n, why_not=too_few(n))
    deviation = statistics.stdev(values)
    if deviation <= ROUNDING * (scale or max(map(abs, values))):
        return Estimate(mean, 0.0, None, None, None, n, why_not=NO_SPREAD)
    error = deviation * math.sqrt(1 / n + test_share)
    return with_interval(mean, deviation, error, n - 1, n, method)


def too_few(n: int) -> str:
    """Return why ``n`` trainings have no interval."""
    return "no training" if n == 0 else "one training says nothing of its luck: try --seeds 5"


def with_interval(
    mean: float, deviation: float, error: float, degrees: float, n: int, method: str
) -> Estimate:
    """Return an estimate from its standard error and Student's distribution."""
    # What scipy.stats.t computes, without half a second of imports.
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(degrees, 0.5 + LEVEL / 2)) * error
    p = 2 * float(stdtr(degrees, -abs(mean) / error))
    return Estimate(mean, deviation, mean - half, mean + half, min(p, 1.0), n, method)


def difference(
    first: Sequence[float], second: Sequence[float], paired: bool, test_share: float = 0.0
) -> Estimate:
    """Return how much larger ``second`` is than ``first`` on the average.

    Args:
        paired: whether their values belong together by their place.
        test_share: see ``mean_of``; of pairs only.
    """
    if paired:
        differences = [b - a for a, b in zip(first, second, strict=True)]
        if len(first) > 1 and equal(first, second):
            mean_difference, n = statistics.fmean(differences), len(differences)
            return Estimate(mean_difference, 0.0, None, None, None, n, why_not=ONLY_ROUNDING)
        scale = max(map(abs, [*first, *second]), default=0.0)
        return mean_of(differences, RESPLIT if test_share else PAIRED, test_share, scale)
    if min(len(first), len(second)) < 2:
        mean = statistics.fmean(second) - statistics.fmean(first) if first and second else None
        n = min(len(first), len(second))
        return Estimate(mean, None, None, None, None, n, why_not=too_few(n))
    return welch(first, second)


def equal(first: Sequence[float], second: Sequence[float]) -> bool:
    """Return whether values differ, pair by pair, by no more than rounding."""
    return len(first) == len(second) and all(
        math.isclose(a, b, rel_tol=ROUNDING) for a, b in zip(first, second, strict=True)
    )


def welch(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return the difference of two independent means (Welch 1947, with Satterthwaite's degrees)."""
    n = min(len(first), len(second))
    mean = statistics.fmean(second) - statistics.fmean(first)
    parts = [statistics.variance(values) / len(values) for values in (first, second)]
    variance = sum(parts)
    if math.sqrt(variance) <= ROUNDING * max(map(abs, [*first, *second])):
        return Estimate(mean, 0.0, None, None, None, n, why_not=NO_SPREAD)
    squares = [
        part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True)
    ]
    degrees = variance**2 / sum(squares)
    error = math.sqrt(variance)
    return with_interval(mean, error * math.sqrt(n), error, degrees, n, WELCH)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Return the p values adjusted for several comparisons by Holm's method (Holm 1979, A Simple
    Sequentially Rejective Multiple Test Procedure); None stays None and counts as no comparison."""
    known = sorted((one, place) for place, one in enumerate(ps) if one is not None)
    adjusted: list[float | None] = [None] * len(ps)
    largest = 0.0
    for rank, (one, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * one))
        adjusted[place] = largest
    return adjusted


def seeds_needed(effect: float, deviation: float, comparisons: int = 1) -> int | None:
    """Return how many pairs tell a mean difference of ``effect`` with a chance of ``POWER``, if
    that and the ``deviation`` of the differences are what they seem; None: more than MOST_SEEDS.

    Args:
        comparisons: over which the level is shared (Bonferroni), so that it is enough for Holm.

    The power of the two-sided paired t test, from the noncentral t distribution (Cohen 1988).
    """
    if effect == 0 or not math.isfinite(effect) or deviation <= 0:
        return None
    level = (1 - LEVEL) / comparisons
    if power(MOST_SEEDS, abs(effect) / deviation, level) < POWER:
        return None
    low, high = 1, MOST_SEEDS  # the power grows with n
    while high - low > 1:
        middle = (low + high) // 2
        if power(middle, abs(effect) / deviation, level) < POWER:
            low = middle
        else:
            high = middle
    return high


def power(n: int, size: float, level: float) -> float:
    """Return the chance that ``n`` pairs tell a mean difference of ``size`` deviations."""
    from scipy.special import nctdtr, stdtrit

    if n < 2:
        return 0.0
    critical = float(stdtrit(n - 1, 1 - level / 2))
    shift = size * math.sqrt(n)
    # Beyond this the noncentral distribution has no mass below the critical value.
    if shift > critical + 40:
        return 1.0
    return 1 - float(nctdtr(n - 1, shift, critical)) + float(nctdtr(n - 1, shift, -critical))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p of McNemar's test.

    Args:
        only_first, only_second: samples that only one of two classifiers gets right.

    If both are as good, each of these samples is a fair coin: the binomial distribution says it
    exactly, also where the usual chi-squared form does not hold (McNemar 1947; Dietterich 1998,
    Approximate Statistical Tests for Comparing Supervised Classification Learning Algorithms).
    """
    from scipy.special import bdtr

    n = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5))) if n else 1.0


HAMPEL = {
    5: 7.85, 6: 5.55, 7: 5.83, 8: 4.91, 9: 5.08, 10: 4.57, 12: 4.37, 15: 4.28, 20: 3.99,
    30: 3.85, 50: 3.75, 100: 3.76, 200: 3.82, 1000: 4.1,
}  # fmt: skip
"""By the number of values: how many scaled median deviations an odd one lies away from the median.
So chosen that of normal values none is called odd in 95 % of samples (the identifier of Hampel
1985, standardized as in Davies & Gather 1993, The Identification of Multiple Outliers);
benchmarks/compare.py computes the table again."""

TO_DEVIATION = 1.4826
"""What makes the median deviation of normal values their standard deviation."""

LEAST_FOR_ODD = min(HAMPEL)


def odd_ones(values: Sequence[float]) -> list[int]:
    """Return the places of values that lie apart from the others, by Hampel's rule; see HAMPEL.

    None with fewer than LEAST_FOR_ODD values, or where half of them are equal.
    """
    if len(values) < LEAST_FOR_ODD:
        return []
    middle = statistics.median(values)
    spread = TO_DEVIATION * statistics.median(abs(value - middle) for value in values)
    if spread == 0:
        return []
    limit = odd_limit(len(values)) * spread
    return [place for place, value in enumerate(values) if abs(value - middle) > limit]


def odd_limit(n: int) -> float:
    """Return HAMPEL's entry for ``n`` values; between two entries, by the logarithm of ``n``."""
    known = sorted(HAMPEL)
    if n >= known[-1]:
        return HAMPEL[known[-1]]
    after = next(size for size in known if size >= n)
    before = next(size for size in reversed(known) if size <= n)
    if after == before:
        return HAMPEL[n]
    share = math.log(n / before) / math.log(after / before)
    return HAMPEL[before] + share * (HAMPEL[after] - HAMPEL[before])
