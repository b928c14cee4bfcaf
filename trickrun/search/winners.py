"""``grid --seeds N``: the winner and its runners-up again with several seeds, with intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from trickrun.recipe.load import derive
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import run_trials
from trickrun.search.plan import Plan
from trickrun.search.trial import TrialResult, make_trial

CONTENDERS = 3


def confirm(
    planned: Plan, ranked: Sequence[TrialResult], seeds: int, pace: Pace = UNHURRIED
) -> list[dict[str, Any]]:
    """Return, best mean first, the best CONTENDERS trials over ``seeds`` seeds each.

    Each has params, values, mean, and the 95 % confidence interval of the mean (Student's t).
    """
    data = {trial.id: trial.data for trial in planned.trials}
    finished = [result for result in ranked if result.status == "finished"][:CONTENDERS]
    folder: Path = planned.loaded.folder
    trials = {}
    for result in finished:
        for seed in range(1, seeds + 1):
            tree = derive(planned.loaded, {**result.params, "seed": seed}).tree
            trial = make_trial(tree, result.params, folder)
            # The search's own data: what has become of them since is no part of it.
            trials[result.id, seed] = replace(trial, data=data[result.id])
    again = run_trials(list(trials.values()), folder, planned.metric, "the best again", pace)
    results = {result.id: result for result in again}
    rows = []
    for result in finished:
        of_seeds = [results[trials[result.id, seed].id].metric for seed in range(1, seeds + 1)]
        values = [value for value in of_seeds if value is not None]
        low, high = interval(values)
        mean = statistics.fmean(values) if values else math.nan
        rows.append(
            {"id": result.id, "params": result.params, "values": values, "mean": mean}
            | {"low": low, "high": high, "unfinished": seeds - len(values)}
        )
    sign = -1 if planned.rank.maximizes else 1
    return sorted(rows, key=lambda row: (row["unfinished"], sign * row["mean"]))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean; infinite with fewer than two values."""
    if len(values) < 2:
        return -math.inf, math.inf
    # What scipy.stats.t.ppf(0.975, degrees) computes, without half a second of imports.
    from scipy.special import stdtrit

    mean = statistics.fmean(values)
    half = stdtrit(len(values) - 1, 0.975) * statistics.stdev(values) / math.sqrt(len(values))
    return mean - float(half), mean + float(half)
