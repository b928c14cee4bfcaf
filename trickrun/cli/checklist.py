"""``checklist``: all six steps, a tuned recipe and one report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import (
    AsJson,
    Budget,
    Debug,
    NoPython,
    Overrides,
    RecipePath,
    RunsDir,
    Track,
)
from trickrun.cli.output import Answer, answer, begin_workers, pace
from trickrun.cli.trackers import tracked_check


def checklist(
    recipe: RecipePath,
    overrides: Overrides = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Continue after a step that fails.")
    ] = False,
    budget: Budget = None,
    track: Track = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take all six steps in order; end with a tuned recipe and one report.

    Example: trickrun checklist recipes/digits.yaml --budget 60s
    """
    answer(
        "checklist",
        as_json,
        debug,
        lambda: tracked_check(
            track, lambda: run(recipe, overrides or [], keep_going, budget, runs_dir)
        ),
        recipe,
        no_python,
        overrides,
        runs_dir,
    )


def run(
    recipe: Path, overrides: list[str], keep_going: bool, budget: float | None, runs: Path | None
) -> Answer:
    """Run the checklist, print each step, write the report."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.search.executors.workers import DRAWING, JUDGING

    begin_workers(JUDGING, DRAWING)
    from trickrun.reporting.commands.checklist import take_checklist
    from trickrun.run.folder import runs_dir

    verdict, folder = take_checklist(loaded, runs_dir(runs), sys.argv, keep_going, pace(budget))
    findings = [finding.as_json() for finding in verdict.findings]
    return Answer(verdict.verdict, verdict.result, str(recipe), str(folder.path), findings)
