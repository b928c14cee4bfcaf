"""Steps 4 and 5: a search from plan to recorded verdict."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from trickrun.errors import OutOfTime
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE, UNHURRIED, Pace
from trickrun.search.halving import halve
from trickrun.search.journal import (
    JOURNAL,
    LAYOUT,
    PLAN,
    ended,
    journal,
    known_results,
    new_search,
    newest_coarse,
    on_other_data,
    open_search,
    searches,
)
from trickrun.search.judge import judge
from trickrun.search.plan import Plan, Stage, plan
from trickrun.search.run_trials import OnResult, search
from trickrun.search.winners import confirm


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
) -> tuple[Verdict, RunFolder]:
    """Run a search, or go on with one that was cut off, and record its verdict.

    Args:
        root: where run folders are; what their trials gave is not computed again.
        on_result: told of each trial as it ends.
        seeds: above 0: the best trials are trained again with so many seeds.
        coarse: for fine: the coarse search to start from; None: the newest finished one.
        into: where this search's folder is, if not in ``root``: a check's own runs.
        pace: trials that it has no time for are left out.

    Raises OutOfTime if that are all of them; the search can be gone on with.
    """
    fine_space = loaded.recipe.grid.fine.space if loaded.recipe.grid else None
    if stage == "fine" and coarse is None and fine_space is None:
        coarse = newest_coarse(root, loaded)
    planned = plan(loaded, stage, coarse)
    home = into or root
    folder = open_search(home, planned) or begun(planned, loaded, home, command)
    with folder.locked(PLAN):
        if planned.search.halving:
            halve(planned, folder, on_result, pace)
        else:
            search(planned, folder, known_results(root, planned), on_result, pace)
        latest = {result.id: result for result in journal(folder)}
        verdict = judge(planned, [latest[t.id] for t in planned.trials if t.id in latest])
        left = sum(trial.id not in latest for trial in planned.trials)
        if left == len(planned.trials):
            raise OutOfTime("no trial ended in time", f"grid {stage}", MORE)
        if left:
            told = {"left_out": [f"{left} of {len(planned.trials)} trials"]}
            verdict = replace(verdict, result={**verdict.result, **told})
        if seeds and verdict.result["best"] is not None:
            ranked = [latest[row["id"]] for row in verdict.result["trials"]]
            confirmed = confirm(planned, ranked, seeds, pace)
            verdict = replace(verdict, result={**verdict.result, "confirmed": confirmed})
        if coarse is not None and on_other_data(coarse, planned):
            verdict = replace(verdict, result={**verdict.result, "other_data_than": coarse.id})
        conclude(folder, verdict)
    return verdict, folder


def begun(planned: Plan, loaded: Loaded, root: Path, command: list[str]) -> RunFolder:
    """Return the folder of a new search. Where the same one has ended before by halving, it has
    all of its trials: at which rung each of them was stopped says nothing elsewhere."""
    same = searches(root, planned) if planned.search.halving else ()
    before = next((run for run in same if ended(run)), None)
    folder = new_search(planned, loaded, root, command)
    if before is not None:
        for name in (LAYOUT, JOURNAL):
            shutil.copyfile(before.path / name, folder.path / name)
    return folder
