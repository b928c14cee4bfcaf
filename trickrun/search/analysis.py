"""What a finished search says: its order, and which parameters mattered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trickrun.search.space import Space, place_of
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

ENOUGH = 8
"""Trials below which a forest's importances are noise and none are given."""


def best_first(results: Sequence[TrialResult], rank: Monitor, metric: str) -> list[TrialResult]:
    """Return the results best first, then by id. Those that halving stopped come after all that
    finished, the later stopped the better; those without a value come last."""

    def badness(result: TrialResult) -> tuple[float, float, str]:
        value = math.nan if result.metric is None else result.metric
        stopped = 1 / result.rung if result.rung is not None else 0.0
        return (
            stopped if result.metric is not None else 2.0,
            rank.badness({metric: value}),
            result.id,
        )

    return sorted(results, key=badness)


def importances(space: Space, ranked: Sequence[TrialResult]) -> dict[str, float]:
    """Return each path's share of the explained variation of the order (they sum to 1).

    Permutation importances (Breiman 2001) of a random forest fitted to the ranks of all trials that
    have a value: fitted to the metric, a few terrible trials would decide everything. Empty with
    fewer than ENOUGH trials.

    Args:
        ranked: the trials with a value, best first.
    """
    if len(ranked) < ENOUGH:
        return {}
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    x = np.array([coordinates(space, result.params) for result in ranked])
    y = np.arange(len(ranked), dtype=float)
    forest = RandomForestRegressor(n_estimators=200, random_state=0).fit(x, y)
    found = permutation_importance(forest, x, y, n_repeats=10, random_state=0)
    shares = np.clip(found.importances_mean, 0, None)
    total = shares.sum() or 1.0
    return {path: float(share / total) for path, share in zip(space, shares, strict=True)}


def coordinates(space: Space, params: dict[str, Any]) -> list[float]:
    """Return a point's place in each range, from 0 to 1."""
    return [place_of(values, params[path]) for path, values in space.items()]
