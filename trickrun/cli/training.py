"""``train``: from a recipe, or an earlier run, to a trained network in its run folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug, Overrides, RunsDir
from trickrun.cli.output import Answer, answer
from trickrun.errors import INTERRUPTED, TrickrunError


def train(
    recipe: Annotated[
        Path | None, typer.Argument(help="The recipe, a YAML file.", show_default=False)
    ] = None,
    overrides: Overrides = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with this run (its folder, id or name).")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show shapes, parameters and the ledger; train nothing."),
    ] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train a recipe: run folder, checkpoints, early stopping, test score of the best epoch."""

    def work() -> Answer:
        if resume is not None:
            changes = [str(recipe)] if recipe is not None else []
            return go_on(resume, [*changes, *(overrides or [])], runs_dir, as_json)
        if recipe is None:
            raise TrickrunError(
                "no recipe given", hint="trickrun train RECIPE, or trickrun train --resume RUN"
            )
        if dry_run:
            return show_plan(recipe, overrides or [])
        return train_recipe(recipe, overrides or [], runs_dir, as_json)

    answer("train", as_json, debug, work)


def train_recipe(recipe: Path, overrides: list[str], runs: Path | None, as_json: bool) -> Answer:
    """Train a recipe into a new run folder."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun import run
    from trickrun.compiler import compile_recipe
    from trickrun.folder import runs_dir
    from trickrun.loop import Progress
    from trickrun.report.progress import announce, progress_sink

    job = compile_recipe(loaded.recipe, loaded.folder)
    folder = run.start(loaded, runs_dir(runs), sys.argv, loaded.folder)
    announce(job, folder)
    with progress_sink(job, as_json) as sink:
        outcome = run.execute(folder, job, Progress(), None, sys.argv, [sink])
    return conclude(outcome, str(recipe))


def go_on(wanted: str, overrides: list[str], runs: Path | None, as_json: bool) -> Answer:
    """Resume a run, in its own folder or, with changes, in a new one."""
    from trickrun import resume, run
    from trickrun.folder import find, runs_dir
    from trickrun.report.progress import announce, progress_sink

    root = runs_dir(runs)
    resumed = resume.resume(find(root, wanted), overrides, root, sys.argv)
    for warning in resumed.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    announce(resumed.job, resumed.folder)
    with progress_sink(resumed.job, as_json) as sink:
        outcome = run.execute(
            resumed.folder, resumed.job, resumed.progress, resumed.best, sys.argv, [sink]
        )
    return conclude(outcome, str(resumed.folder.path / "recipe.yaml"))


def show_plan(recipe: Path, overrides: list[str]) -> Answer:
    """Print what would be trained."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.compiler import compile_recipe
    from trickrun.report.plan import plan, print_plan

    job = compile_recipe(loaded.recipe, loaded.folder)
    found = plan(job)
    print_plan(found)
    return Answer("pass", found, recipe=str(recipe))


def conclude(outcome: object, recipe: str) -> Answer:
    """Print how a run ended and return its answer."""
    from trickrun.report.progress import print_outcome
    from trickrun.run import Outcome

    assert isinstance(outcome, Outcome)
    print_outcome(outcome)
    run_path = str(outcome.folder.path)
    if outcome.interrupted:
        return Answer("fail", outcome.result, recipe, run_path, exit_code=INTERRUPTED)
    result = {**outcome.result, "missed": outcome.missed}
    return Answer("fail" if outcome.missed else "pass", result, recipe, run_path)
