"""What a finished search says: its order, and which parameters mattered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trickrun.checks.grid.space import Space, place_of
from trickrun.engines.trial import TrialResult
from trickrun.tricks.monitor import Monitor

ENOUGH = 8
"""Trials below which a forest's importances are noise and none are given."""


def best_first(results: Sequence[TrialResult], rank: Monitor, metric: str) -> list[TrialResult]:
    """Return the results best first; those without a value last, then by id."""

    def badness(result: TrialResult) -> tuple[float, str]:
        value = math.nan if result.metric is None else result.metric
        return rank.badness({metric: value}), result.id

    return sorted(results, key=badness)


def importances(space: Space, finished: Sequence[TrialResult]) -> dict[str, float]:
    """Return each path's share of the explained variation of the metric (they sum to 1).

    Permutation importances (Breiman 2001) of a random forest fitted to all finished trials, the
    metric turned into ranks so that a few terrible trials do not decide everything. Empty with
    fewer than ENOUGH trials.
    """
    if len(finished) < ENOUGH:
        return {}
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    x = np.array([coordinates(space, result.params) for result in finished])
    y = np.argsort(np.argsort(np.array([r.metric for r in finished], float))).astype(float)
    forest = RandomForestRegressor(n_estimators=200, random_state=0).fit(x, y)
    found = permutation_importance(forest, x, y, n_repeats=10, random_state=0)
    shares = np.clip(found.importances_mean, 0, None)
    total = shares.sum() or 1.0
    return {path: float(share / total) for path, share in zip(space, shares, strict=True)}


def coordinates(space: Space, params: dict[str, Any]) -> list[float]:
    """Return a point's place in each range, from 0 to 1."""
    return [place_of(values, params[path]) for path, values in space.items()]
