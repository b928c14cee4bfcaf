"""What a search says once its trials have ended: what was best, and where to look next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.grid import Range
from trickrun.recipe.load import derive
from trickrun.recipe.text.problems import RecipeError
from trickrun.search.analysis import best_first, importances
from trickrun.search.plan import Plan
from trickrun.search.space import edges, narrowed
from trickrun.search.trial import TrialResult

MATTERS = 0.1
"""Share of the explained variation from which on a best value at an edge is worth a finding."""
TOP_SHARE = 0.25
"""The share of coarse trials that the fine space is drawn around (at least three)."""


def judge(planned: Plan, results: Sequence[TrialResult]) -> Verdict:
    """Return the verdict of a search: what was best, what mattered, where to look next."""
    ranked = best_first(results, planned.rank, planned.metric)
    finished = [result for result in ranked if result.status == "finished"]
    compared = [result for result in ranked if result.metric is not None]
    result: dict[str, Any] = {
        "engine": "+".join(sorted({r.engine for r in results})),
        "stage": planned.stage,
        "metric": planned.metric,
        "space": {p: r.model_dump(exclude_none=True) for p, r in planned.space.items()},
        "trials": [r.as_json() for r in ranked],
        "best": None,
        "edges": [],
        "next_space": {},
        "importance": {},
    }
    if not finished:
        reasons = "; ".join(sorted({r.reason for r in ranked})[:3])
        return Verdict("fail", result, (), f"no trial of {len(ranked)} finished: {reasons}")
    best = finished[0]
    top = compared[: max(3, round(TOP_SHARE * len(compared)))]
    next_space = {
        path: within_reach(values, planned, path)
        for path, values in narrowed(planned.space, [r.params for r in top]).items()
    }
    at_edge = edges(planned.space, best.params)
    importance = importances(planned.space, compared)
    result |= {
        "best": {"id": best.id, "params": best.params, "metric": best.metric},
        "edges": at_edge,
        "next_space": {p: r.model_dump(exclude_none=True) for p, r in next_space.items()},
        "importance": importance,
    }
    # Where a parameter hardly matters, its best value lies anywhere, also at an edge.
    matter = [edge for edge in at_edge if importance.get(edge["path"], 1.0) >= MATTERS]
    findings = tuple(edge_finding(edge, best, planned) for edge in matter)
    stopped = len(compared) - len(finished)
    summary = (
        f"best {planned.metric} {best.metric:.4g} of {len(finished)} finished trials"
        + (f", {stopped} stopped early" if stopped else "")
        + f" ({len(ranked) - len(compared)} did not finish)"
    )
    return Verdict("warn" if findings else "pass", result, findings, summary)


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


def edge_finding(edge: dict[str, Any], best: TrialResult, planned: Plan) -> Finding:
    """Return the finding that the best value sits at the end of its range."""
    path, values = edge["path"], planned.space[edge["path"]]
    followed = planned.stage == "coarse" and values.choice is None
    elsewhere = (
        "The fine search looks there."
        if followed
        else f"To look there, widen the range in grid.{planned.stage}.space."
    )
    return Finding(
        code="TR37",
        name=f"best value at the {edge['side']} edge of its range",
        severity="warning",
        confidence=0.7,
        where=path,
        evidence={**edge, "range": values.model_dump(exclude_none=True)},
        why=(
            f"The best trial has {path} = {edge['value']:g}, within a tenth of the range's "
            f"{edge['side']} end, so a better value may lie beyond it. {elsewhere}"
        ),
    )
