"""What a search says once its trials have ended: their order, what mattered, where to look next."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.grid import Range
from trickrun.recipe.load import derive
from trickrun.recipe.text.problems import RecipeError
from trickrun.search.executors.workers import JUDGING, WORKERS
from trickrun.search.plan import Plan
from trickrun.search.space import Space, edges, narrowed, place_of
from trickrun.search.trial import TrialResult
from trickrun.training.spans import timed
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


Weigh = Callable[[Space, Sequence[TrialResult]], dict[str, float]]


@timed("judging")
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


def importances_aside(space: Space, ranked: Sequence[TrialResult]) -> dict[str, float]:
    """As ``importances``, in the worker that judges, which may have imported scikit-learn."""
    if len(ranked) < ENOUGH:
        return {}
    return WORKERS.aside(JUDGING, partial(importances, space, ranked))()


def coordinates(space: Space, params: dict[str, Any]) -> list[float]:
    """Return a point's place in each range, from 0 to 1."""
    return [place_of(values, params[path]) for path, values in space.items()]


MATTERS = 0.1
"""Share of the explained variation from which on a best value at an edge is worth a finding."""
TOP_SHARE = 0.25
"""The share of coarse trials that the fine space is drawn around (at least three)."""


def table(planned: Plan, results: Sequence[TrialResult]) -> dict[str, Any]:
    """Return what a search's result tells of its trials, the best first, and of their space."""
    return {
        "engine": "+".join(sorted({r.engine for r in results})),
        "stage": planned.stage,
        "metric": planned.metric,
        "space": {p: r.model_dump(exclude_none=True) for p, r in planned.space.items()},
        "trials": [r.as_json() for r in best_first(results, planned.rank, planned.metric)],
    }


@timed("judging")
def judge(planned: Plan, results: Sequence[TrialResult], weigh: Weigh = importances) -> Verdict:
    """Return the verdict of a search: what was best, what mattered, where to look next.

    Args:
        weigh: ``importances``, wherever it is computed.
    """
    ranked = best_first(results, planned.rank, planned.metric)
    finished = [result for result in ranked if result.status == "finished"]
    compared = [result for result in ranked if result.metric is not None]
    result: dict[str, Any] = {
        **table(planned, results),
        "best": None,
        "edges": [],
        "next_space": {},
        "importance": {},
    }
    if not finished:
        reasons = "; ".join(sorted({r.reason for r in ranked})[:3])
        return Verdict("fail", result, (), f"no trial of {len(ranked)} finished: {reasons}")
    best = finished[0]
    next_space = {
        path: within_reach(values, planned, path)
        for path, values in narrowed(planned.space, [r.params for r in top(compared)]).items()
    }
    at_edge = edges(planned.space, best.params)
    importance = weigh(planned.space, compared)
    result |= {
        "best": {"id": best.id, "params": best.params, "metric": best.metric},
        "edges": at_edge,
        "next_space": {p: r.model_dump(exclude_none=True) for p, r in next_space.items()},
        "importance": importance,
    }
    # Where a parameter hardly matters, its best value lies anywhere, also at an edge.
    matter = [edge for edge in at_edge if importance.get(edge["path"], 1.0) >= MATTERS]
    findings = tuple(
        edge_finding(e, planned.space[e["path"]], elsewhere(e, planned, next_space[e["path"]]))
        for e in matter
    )
    stopped = len(compared) - len(finished)
    summary = (
        f"best {planned.metric} {best.metric:.4g} of {len(finished)} finished trials"
        + (f", {stopped} stopped early" if stopped else "")
        + f" ({len(ranked) - len(compared)} did not finish)"
    )
    return Verdict("warn" if findings else "pass", result, findings, summary)


def top(compared: Sequence[TrialResult]) -> Sequence[TrialResult]:
    """Return the trials, of those with a value, that the space around them is drawn by."""
    return compared[: max(3, round(TOP_SHARE * len(compared)))]


def within_reach(values: Range, planned: Plan, path: str) -> Range:
    """Return a narrowed range with no end that the recipe refuses: there the old end stays."""
    old = planned.space[path]
    form = values.taken[0]
    if form == "choice":
        return values
    kept = tuple(
        end if is_valid(planned, path, end) else before
        for end, before in zip(getattr(values, form), getattr(old, form), strict=True)
    )
    return Range.model_validate({form: kept})


def is_valid(planned: Plan, path: str, value: Any) -> bool:
    """Whether the recipe takes ``value`` at ``path``."""
    try:
        derive(planned.loaded, {path: value})
    except RecipeError:
        return False
    return True


def goes_beyond(side: str, values: Range, further: Range) -> bool:
    """Whether a search of ``further`` looks beyond the low or high end of ``values``."""
    form = values.taken[0]
    if form == "choice":
        return False
    (low, high), (lower, higher) = getattr(values, form), getattr(further, form)
    return bool(lower < low if side == "low" else higher > high)


def elsewhere(edge: dict[str, Any], planned: Plan, further: Range) -> str:
    """Return where the side of the range that the best value sits at is searched.

    Args:
        further: the range that a fine search derives from this one.
    """
    values = planned.space[edge["path"]]
    grid = planned.loaded.recipe.grid
    derived = grid is None or grid.fine.space is None
    followed = planned.stage == "coarse" and derived and goes_beyond(edge["side"], values, further)
    if followed:
        return "The fine search covers that side."
    return f"To search there, widen the range in grid.{planned.stage}.space."


def edge_finding(edge: dict[str, Any], values: Range, further: str) -> Finding:
    """Return the finding that the best value sits at the end of its range.

    Args:
        further: where that side is searched.
    """
    path = edge["path"]
    return Finding(
        code="TR37",
        name=f"Best value at the {edge['side']} edge of its range",
        severity="warning",
        confidence=0.7,
        where=path,
        evidence={**edge, "range": values.model_dump(exclude_none=True)},
        why=(
            f"The best trial has {path} = {edge['value']:g}, which is within a tenth of the "
            f"{edge['side']} end of the range. A better value may lie beyond it. {further}"
        ),
    )
