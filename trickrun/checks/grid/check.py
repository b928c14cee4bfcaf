"""A search from plan to recorded verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from trickrun.checks.grid.halving import halve
from trickrun.checks.grid.search import (
    Plan,
    Stage,
    Watch,
    finished_trials,
    journal,
    judge,
    newest_coarse,
    open_search,
    plan,
    search,
)
from trickrun.checks.grid.winners import confirm
from trickrun.checks.verdict import Verdict, begin, conclude
from trickrun.recipe.load import Loaded
from trickrun.run.folder import RunFolder


def run_search(
    loaded: Loaded,
    stage: Stage,
    root: Path,
    command: list[str],
    watch: Watch,
    seeds: int = 0,
    coarse: RunFolder | None = None,
) -> tuple[Verdict, RunFolder]:
    """Run a search, or go on with one that was cut off, and record its verdict.

    Args:
        root: where run folders are.
        watch: told of each trial as it ends.
        seeds: above 0: the best trials are trained again with so many seeds.
        coarse: for fine: the coarse search to start from; None: the newest finished one.
    """
    fine_space = loaded.recipe.grid.fine.space if loaded.recipe.grid else None
    if stage == "fine" and coarse is None and fine_space is None:
        coarse = newest_coarse(root, loaded)
    planned = plan(loaded, stage, coarse)
    folder = open_search(root, planned) or new_search(planned, loaded, root, command)
    if planned.search.halving:
        halve(planned, folder, watch)
    else:
        search(planned, folder, finished_trials(root, loaded.recipe.name), watch)
    wanted = {trial.id for trial in planned.trials}
    latest = {result.id: result for result in journal(folder) if result.id in wanted}
    verdict = judge(planned, list(latest.values()))
    if seeds and verdict.result["best"] is not None:
        ranked = [latest[row["id"]] for row in verdict.result["trials"]]
        confirmed = confirm(planned, ranked, seeds)
        verdict = replace(verdict, result={**verdict.result, "confirmed": confirmed})
    conclude(folder, verdict)
    return verdict, folder


def new_search(planned: Plan, loaded: Loaded, root: Path, command: list[str]) -> RunFolder:
    """Make the folder of a search, with what is needed to recognize it later."""
    folder = begin(loaded, planned.loaded, root, command)
    space = {path: values.model_dump(exclude_none=True) for path, values in planned.space.items()}
    ids = sorted(trial.id for trial in planned.trials)
    halving = planned.search.halving
    facts = {"stage": planned.stage, "space": space, "trials": ids, "halving": halving}
    folder.write_json("plan.json", facts)
    return folder
