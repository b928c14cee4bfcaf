"""The benchmark's arithmetic: intervals, effect sizes, and whether a finding names the cause."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

EFFECT = 0.5
"""The least effect size of a fault that counts."""

LEAST = 0.03
"""The least that it must cost, in the metric's unit: with five seeds an effect size alone would
let differences pass that nobody would notice."""

NO_SPREAD = 1e-3
"""Seeds that agree better than this count as so far apart: a constant gap has no deviation."""

RESTORED = 0.75
"""The share of the gap between buggy and repaired that a good edit closes."""

SAME_AS: dict[str, tuple[str, ...]] = {
    "TR95": ("TR70",),  # your optimizer, said by what it does instead of by what its place took
    "TR96": ("TR30",),  # your loss, the same
    "TR99": ("TR10",),  # targets beside other rows do not follow from the inputs
}
"""Codes that trickrun got after the freeze, to the frozen causes that mean the same."""


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's score interval of a share, 95 % unless told otherwise; (0, 1) of nothing."""
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    whole = 1 + z * z / trials
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def shown(hits: int, trials: int) -> str:
    """Return a share in percent with its counts and interval."""
    if trials == 0:
        return "-"
    low, high = wilson(hits, trials)
    return f"{hits / trials:.1%} ({hits}/{trials}; {low:.0%} to {high:.0%})"


def paired_effect(repaired: Sequence[float], buggy: Sequence[float]) -> float:
    """Return Cohen's d of the paired differences repaired - buggy, one of each a seed."""
    gaps = [good - bad for good, bad in zip(repaired, buggy, strict=True)]
    return statistics.fmean(gaps) / max(statistics.stdev(gaps), NO_SPREAD)


def hurts(repaired: Sequence[float], buggy: Sequence[float]) -> bool:
    """Return whether a fault truly worsens the metric."""
    gap = statistics.fmean(repaired) - statistics.fmean(buggy)
    return gap >= LEAST and paired_effect(repaired, buggy) >= EFFECT


def restores(before: float, after: float, repaired: float) -> bool:
    """Return whether an edit closed enough of the gap from ``before`` to ``repaired``."""
    return after - before >= RESTORED * (repaired - before)


def names_cause(finding: Mapping[str, Any], causes: Sequence[str]) -> bool:
    """Return whether a finding names one of the accepted causes.

    A cause ``code@path`` also asks that the finding, or its edit, is about that recipe path;
    ``@path`` is named by any finding whose edit changes that path or something inside it.
    """
    codes = (finding["code"], *SAME_AS.get(finding["code"], ()))
    edited = tuple(finding.get("edit") or {})
    about = (finding.get("where") or "", *edited)
    for cause in causes:
        code, _, path = cause.partition("@")
        if not code and any(f"{place}.".startswith(f"{path}.") for place in edited):
            return True
        if code in codes and (not path or any(place.startswith(path) for place in about)):
            return True
    return False


def rank_of_cause(findings: Sequence[Mapping[str, Any]], causes: Sequence[str]) -> int | None:
    """Return the place, from 1, of the first finding that names a cause; None if none does."""
    places = (n for n, finding in enumerate(findings, 1) if names_cause(finding, causes))
    return next(places, None)


def spread_out(names: Sequence[tuple[str, str]], wanted: int) -> list[str]:
    """Return ``wanted`` of the (group, name) pairs' names, taking from every group in turn."""
    groups: dict[str, list[str]] = {}
    for group, name in names:
        groups.setdefault(group, []).append(name)
    turns = [
        (turn, group, name)
        for group, members in groups.items()
        for turn, name in enumerate(members)
    ]
    return [name for _, _, name in sorted(turns)[:wanted]]
