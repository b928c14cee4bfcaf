"""Steps 4 and 5: a search from plan to recorded verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from trickrun.checks.standing import Standing, same_standing, standing_aside, standing_of
from trickrun.errors import OutOfTime
from trickrun.findings.rank import gravest
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, derive
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE, UNHURRIED, Pace
from trickrun.search.halving import halve
from trickrun.search.journal import (
    JOURNAL,
    ended,
    journal,
    known_results,
    new_search,
    newest_coarse,
    on_other_data,
    open_search,
    searches,
)
from trickrun.search.judge import importances_aside, judge, table
from trickrun.search.plan import LAYOUT, Plan, Stage, plan
from trickrun.search.run_trials import OnResult, search
from trickrun.search.trial import TrialResult
from trickrun.search.winners import confirm

Draw = Callable[[dict[str, Any]], Callable[[], dict[str, str]]]
"""Begins to draw a search's trials, and returns what waits for the pictures."""


def undrawn(result: dict[str, Any]) -> Callable[[], dict[str, str]]:
    """Draw nothing."""
    return dict


def run_search(
    loaded: Loaded,
    stage: Stage,
    root: Path,
    command: list[str],
    on_result: OnResult,
    seeds: int = 0,
    coarse: RunFolder | None = None,
    into: Path | None = None,
    pace: Pace = UNHURRIED,
    draw: Draw = undrawn,
) -> tuple[Verdict, RunFolder]:
    """Run a search, or go on with one that was cut off, and record its verdict.

    Args:
        root: where run folders are; what their trials gave is not computed again.
        on_result: told of each trial as it ends.
        seeds: above 0: the best trials are trained again with so many seeds.
        coarse: for fine: the coarse search to start from; None: the newest finished one.
        into: where this search's folder is, if not in ``root``: a check's own runs.
        pace: trials that it has no time for are left out.
        draw: begins the pictures of the trials, which are then by file name.

    Raises OutOfTime if that are all of them; the search can be gone on with.
    """
    fine_space = loaded.recipe.grid.fine.space if loaded.recipe.grid else None
    if stage == "fine" and coarse is None and fine_space is None:
        coarse = newest_coarse(root, loaded)
    planned = plan(loaded, stage, coarse)
    standing = standing_aside(planned.loaded.recipe, planned.loaded.folder)
    with opened(planned, loaded, into or root, command) as folder:
        if planned.search.halving:
            halve(planned, folder, on_result, pace)
        else:
            search(planned, folder, known_results(root, planned), on_result, pace)
        latest = results_of(planned, folder)
        results = [latest[t.id] for t in planned.trials if t.id in latest]
        drawn = draw(table(planned, results))
        verdict = judge(planned, results, importances_aside)
        left = sum(trial.id not in latest for trial in planned.trials)
        if left == len(planned.trials):
            raise OutOfTime("no trial ended in time", f"grid {stage}", MORE)
        if left:
            told = {"left_out": [f"{left} of {len(planned.trials)} trials"]}
            verdict = replace(verdict, result={**verdict.result, **told})
        verdict = beside_others(planned, verdict, standing)
        if seeds and verdict.result["best"] is not None:
            ranked = [latest[row["id"]] for row in verdict.result["trials"]]
            confirmed = confirm(planned, ranked, seeds, pace)
            verdict = replace(verdict, result={**verdict.result, "confirmed": confirmed})
        if coarse is not None and on_other_data(coarse, planned):
            verdict = replace(verdict, result={**verdict.result, "other_data_than": coarse.id})
        conclude(folder, verdict, drawn())
    return verdict, folder


def results_of(planned: Plan, folder: RunFolder) -> dict[str, TrialResult]:
    """Return the latest result of each trial by its id, with the parameters that the plan gives it:
    a journal that was changed may tell others."""
    params = {trial.id: trial.params for trial in planned.trials}
    found = {result.id: result for result in journal(folder) if result.id in params}
    return {name: replace(result, params=params[name]) for name, result in found.items()}


def beside_others(planned: Plan, verdict: Verdict, of_recipe: Callable[[], Standing]) -> Verdict:
    """Return the verdict with what a constant answer, a linear model and trees score on the split
    of the best trial: one that is no better than the constant answer makes it fail.

    Args:
        of_recipe: waits for what they score as the recipe itself has its data.
    """
    best = verdict.result["best"]
    if best is None:
        return replace(verdict, result={**verdict.result, "constant": None, "reference": None})
    recipe = derive(planned.loaded, best["params"]).recipe
    alike = same_standing(recipe, planned.loaded.recipe)
    standing = of_recipe() if alike else standing_of(recipe, planned.loaded.folder)
    values = next(row["values"] for row in verdict.result["trials"] if row["id"] == best["id"])
    tries = len(verdict.result["trials"])
    then = f"`trickrun diagnose {planned.loaded.path}` looks for the cause."
    found = standing.findings(values, tries, then)
    worst = gravest(found)
    result = {**verdict.result, **standing.as_json()}
    if worst is None:
        return replace(verdict, result=result)
    return replace(
        verdict,
        verdict="fail" if worst == "error" else "warn",
        result=result,
        findings=(*found, *verdict.findings),
    )


@contextmanager
def opened(planned: Plan, loaded: Loaded, root: Path, command: list[str]) -> Iterator[RunFolder]:
    """Lock the folder of the search that was cut off, or else of a new one."""
    cut_off = open_search(root, planned)
    if cut_off is not None:
        with cut_off.locked_if_free() as mine:
            # Another process may have taken it since, and even ended it.
            if mine and not ended(cut_off):
                yield cut_off
                return
    with new_search(planned, loaded, root, command, known_by_halving(planned, root)) as new:
        yield new


def known_by_halving(planned: Plan, root: Path) -> dict[str, str]:
    """Return the files with the trials of the same search where it has ended before by halving: at
    which rung each of them was stopped says nothing elsewhere."""
    same = searches(root, planned) if planned.search.halving else ()
    before = next((run for run in same if ended(run)), None)
    return {name: before.read_text(name) for name in (LAYOUT, JOURNAL)} if before else {}
