"""``checklist``: all six steps, a tuned recipe and one report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, Overrides, RecipePath, RunsDir
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError

if TYPE_CHECKING:
    from trickrun.checks.checklist.context import StepOutcome
    from trickrun.findings.verdict import Verdict
    from trickrun.run.folder import RunFolder

LONGEST_BUDGET = 30 * 24 * 3600
"""Seconds."""


def checklist(
    recipe: RecipePath,
    overrides: Overrides = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on after a step that fails.")
    ] = False,
    budget: Annotated[
        str | None, typer.Option(help="Time for everything, e.g. 60s or 5m; work shrinks to fit.")
    ] = None,
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
        lambda: run(recipe, overrides or [], keep_going, seconds(budget), runs_dir),
        recipe,
        no_python,
        overrides,
        runs_dir,
    )


def seconds(text: str | None) -> float | None:
    """Return a budget in seconds; raises TrickrunError if it is not a time."""
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(unit)
    try:
        found = float(number if factor else text) * (factor or 1.0)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise TrickrunError(f"{text!r} is not a time", "--budget", "write e.g. 60s, 5m or 1h")
    if found > LONGEST_BUDGET:
        hours = LONGEST_BUDGET // 3600
        hint = (
            f"give {hours}h or less, or leave it out: the steps then take the time that they need"
        )
        raise TrickrunError(f"{text} is more than {hours} hours", "--budget", hint)
    return found


def run(
    recipe: Path, overrides: list[str], keep_going: bool, budget: float | None, runs: Path | None
) -> Answer:
    """Run the checklist, print each step, write the report."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.search.executors.workers import WORKERS

    WORKERS.warm_up()
    from trickrun.checks.checklist.checklist_check import run_checklist
    from trickrun.reporting.checklist import add_pictures, print_end, tell
    from trickrun.reporting.checklist_page import report
    from trickrun.run.apply import difference
    from trickrun.run.folder import runs_dir

    def finish(found: Verdict, taken: tuple[StepOutcome, ...], place: RunFolder) -> None:
        add_pictures(taken, place)
        diff = ""
        if found.result["tuned_recipe"] is not None:
            tuned = Path(found.result["tuned_recipe"])
            diff = "".join(difference(loaded.text, tuned.read_text(), recipe.name))
        place.write("report.html", report(found, taken, place, diff))

    verdict, done, folder = run_checklist(
        loaded, runs_dir(runs), sys.argv, tell, finish, keep_going, budget
    )
    print_end(verdict, folder)
    findings = [finding for step in done for finding in step.findings]
    return Answer(verdict.verdict, verdict.result, str(recipe), str(folder.path), findings)
