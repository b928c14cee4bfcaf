"""``checklist``: all six steps, a tuned recipe and one report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Budget, Debug, NoPython, Overrides, RecipePath, RunsDir
from trickrun.cli.output import Answer, answer, import_torch, pace


def checklist(
    recipe: RecipePath,
    overrides: Overrides = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on after a step that fails.")
    ] = False,
    budget: Budget = None,
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
        lambda: run(recipe, overrides or [], keep_going, budget, runs_dir),
        recipe,
        no_python,
    )


def run(
    recipe: Path, overrides: list[str], keep_going: bool, budget: float | None, runs: Path | None
) -> Answer:
    """Run the checklist, print each step, write the report."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.search.executors.workers import WORKERS

    WORKERS.warm_up()
    import_torch()
    from trickrun.checks.checklist.checklist_check import run_checklist
    from trickrun.reporting.checklist import add_pictures, print_end, tell
    from trickrun.reporting.html import report
    from trickrun.reporting.phases import phase
    from trickrun.run.apply import difference
    from trickrun.run.folder import runs_dir

    verdict, done, folder = run_checklist(
        loaded, runs_dir(runs), sys.argv, tell, keep_going, pace(budget)
    )
    with phase("drawing the report"):
        add_pictures(done)
    diff = ""
    if verdict.result["tuned_recipe"] is not None:
        tuned = Path(verdict.result["tuned_recipe"])
        diff = "".join(difference(loaded.text, tuned.read_text(), recipe.name))
    folder.write("report.html", report(verdict, done, folder, diff))
    print_end(verdict, folder)
    findings = [finding for step in done for finding in step.findings]
    return Answer(verdict.verdict, verdict.result, str(recipe), str(folder.path), findings)
