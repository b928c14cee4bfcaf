"""What a claim is, and when it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from trickrun.search.winners import interval
from trickrun.training.job import Job

Figures = Mapping[str, Sequence[float]]
"""Arm to its measured values, one a seed."""

Judge = Callable[[Figures], tuple[bool, str]]
"""Says whether a claim holds, and the numbers that decide it in words."""


@dataclass(frozen=True)
class Claim:
    """A statement from the literature, and the recipes that put it to the test.

    Args:
        name: that of its recipe, ``recipes/claims/NAME.yaml``.
        statement, source: what is claimed, and by whom.
        arms: name to the overrides of the recipe that make it.
        measure: from a freshly compiled job, which it may train, to the figure.
        figure: what the figure is, in words.
        judge: whether the figures bear the statement out.
        limits: what makes this test smaller than the statement.
        seeds: runs of each arm.
    """

    name: str
    statement: str
    source: str
    arms: Mapping[str, Sequence[str]]
    measure: Callable[[Job], float]
    figure: str
    judge: Judge
    limits: str = ""
    seeds: int = 5


def lower(better: str, worse: str) -> Judge:
    """Return the judge of "``better`` has a lower figure than ``worse``".

    It holds if the 95 % confidence interval of the mean paired difference excludes 0. A run that
    ended in numbers that are not finite counts as the worst of all that did.
    """
    return lambda figures: below(figures, better, worse)


def higher(better: str, worse: str) -> Judge:
    """Return the judge of "``better`` has a higher figure than ``worse``"."""
    return lambda figures: below(
        {arm: [-value for value in values] for arm, values in figures.items()}, better, worse, -1
    )


def below(figures: Figures, low: str, high: str, sign: int = 1) -> tuple[bool, str]:
    finite = [v for values in figures.values() for v in values if abs(v) < float("inf")]
    top = max(finite)
    pairs = zip(figures[low], figures[high], strict=True)
    differences = [min(b, top) - min(a, top) for a, b in pairs]
    edges = interval(differences)
    start, end = sorted(sign * edge for edge in edges)
    mean = sign * fmean(differences)
    words = f"{high} − {low}: {mean:.3g} (95 % interval {start:.3g} to {end:.3g})"
    return edges[0] > 0, words


def alike(one: str, other: str, within: float) -> Judge:
    """Return the judge of "both arms have the same figure": the whole interval of the difference
    lies within ``within`` of 0."""

    def judge(figures: Figures) -> tuple[bool, str]:
        differences = [a - b for a, b in zip(figures[one], figures[other], strict=True)]
        start, end = interval(differences)
        words = f"{one} − {other}: 95 % interval {start:.3g} to {end:.3g}; alike: ± {within:g}"
        return -within < start and end < within, words

    return judge


def near(arm: str, value: float, within: float) -> Judge:
    """Return the judge of "the median figure of ``arm`` is ``value``, give or take ``within``"."""

    def judge(figures: Figures) -> tuple[bool, str]:
        found = median(figures[arm])
        return abs(found - value) <= within, f"median of {arm}: {found:.3g}, claimed {value:g}"

    return judge


def each(*judges: Judge) -> Judge:
    """Return the judge that wants all of ``judges``."""

    def judge(figures: Figures) -> tuple[bool, str]:
        said = [one(figures) for one in judges]
        return all(held for held, _ in said), "; ".join(words for _, words in said)

    return judge
