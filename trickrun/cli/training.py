"""``train``: from a recipe, or an earlier run, to a trained network in its run folder."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from trickrun.cli.options import (
    AsJson,
    Debug,
    NoPython,
    Overrides,
    RunsDir,
    Track,
    complete_run,
)
from trickrun.cli.output import Answer, Verdict, answer, import_torch
from trickrun.cli.trackers import trackers, with_tracked
from trickrun.errors import Interrupted, TrickrunError
from trickrun.reporting.telling import tell_training

if TYPE_CHECKING:
    from trickrun.reporting.commands.training import Follow, Trained

StopWhen = Literal["lost"]
"What may end a run early: lost, it has diverged or is dead."


def train(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.", show_default=False),
    ] = None,
    overrides: Overrides = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Continue this run (its folder, id or name).",
            autocompletion=complete_run,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show shapes, parameters, memory and the ledger without training."
        ),
    ] = False,
    stop_when: Annotated[
        StopWhen | None,
        typer.Option(help="Stop a run that is clearly lost: diverged or dead.", show_default=False),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write the run as an HTML page.")
    ] = True,
    watch: Annotated[bool, typer.Option("--watch", hidden=True)] = False,
    track: Track = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train a recipe: run folder, checkpoints, early stopping, test score of the best epoch.

    Exits 1 if a value that the recipe expects is missed, 3 if the loss is not finite or
    --stop-when lost ends the run. Ctrl-C saves a checkpoint.

    --resume goes on where a run was stopped. With train.epochs=N (or train.steps, early_stopping,
    train.device) it goes on in a new run, whose schedule spans the new length.

    Example: trickrun train recipes/digits.yaml optimizer.lr=3e-4 train.epochs=10
    """

    if watch:
        print("notice: --watch is now called --stop-when lost", file=sys.stderr)
        stop_when = "lost"

    def work() -> Answer:
        with trackers(track) as tracking:
            found = trained(tracking.follow if tracking is not None else None)
            if report and found.run is not None and found.error is None:
                from trickrun.run.folder import RunFolder

                tell_training(RunFolder(Path(found.run)))
        return with_tracked(found, tracking)

    def trained(follow: Follow | None) -> Answer:
        if resume is not None and dry_run:
            raise TrickrunError("--dry-run shows a recipe, not a run", hint="leave out --resume")
        if resume is not None:
            changes = [str(recipe)] if recipe is not None else []
            return go_on(resume, [*changes, *(overrides or [])], runs_dir, stop_when, follow)
        if recipe is None:
            raise TrickrunError(
                "no recipe given", hint="trickrun train RECIPE, or trickrun train --resume RUN"
            )
        if dry_run:
            return show_plan(recipe, overrides or [])
        return train_recipe(recipe, overrides or [], runs_dir, stop_when, follow)

    named = recipe if resume is None else None
    answer("train", as_json, debug, work, named, no_python, overrides, runs_dir)


def train_recipe(
    recipe: Path,
    overrides: list[str],
    runs: Path | None,
    stop_when: StopWhen | None,
    follow: Follow | None,
) -> Answer:
    """Train a recipe into a new run folder, which ``follow`` is told of."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    import_torch()
    from trickrun.reporting.commands import training
    from trickrun.run.folder import runs_dir

    trained = training.train_recipe(loaded, runs_dir(runs), sys.argv, stop_when, follow)
    return told(trained, str(recipe))


def go_on(
    wanted: str,
    overrides: list[str],
    runs: Path | None,
    stop_when: StopWhen | None,
    follow: Follow | None,
) -> Answer:
    """Resume a run, in its own folder or, with changes, in a new one; ``follow`` is told of it."""
    import_torch()
    from trickrun.reporting.commands.training import train_job
    from trickrun.reporting.phases import phase
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir
    from trickrun.run.resume import resume

    root = runs_dir(runs)
    run = find(root, wanted, trained=True)
    with ExitStack() as opened:
        with phase("reading the data"):
            resumed = opened.enter_context(resume(run, overrides, root, sys.argv))
        for warning in resumed.warnings:
            print(f"warning: {warning}; the end may differ in some bits", file=sys.stderr)
        for notice in resumed.notices:
            print(f"notice: {notice}", file=sys.stderr)
        trained = train_job(resumed.folder, resumed.job, sys.argv, stop_when, follow)
        return told(trained, str(resumed.folder.path / "recipe.yaml"))


def show_plan(recipe: Path, overrides: list[str]) -> Answer:
    """Print what would be trained."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.cli.output import from_text
    from trickrun.data.splits.prepare import prepare
    from trickrun.reporting.phases import phase
    from trickrun.reporting.plan import plan, print_plan
    from trickrun.reporting.telling import tell_before_training, tell_notes
    from trickrun.training.compile import compile_recipe
    from trickrun.training.device import training_type

    found = from_text(loaded)
    tell_before_training(found)
    with phase("reading the data"):
        data = prepare(loaded.recipe.data, loaded.folder, training_type(loaded.recipe))
    job = compile_recipe(loaded.recipe, loaded.folder, data)
    tell_notes(job.data.notes)
    planned = plan(job)
    print_plan(planned)
    told = [finding.as_json() for finding in found]
    return Answer("pass", planned, recipe=str(recipe), findings=told)


def told(trained: Trained, recipe: str) -> Answer:
    """Return the answer of a training that has ended."""
    outcome = trained.outcome
    result = {**outcome.result, "missed": outcome.missed, "notes": list(trained.notes)}
    run = str(outcome.folder.path)
    if outcome.interrupted:
        hint = f"continue with: trickrun train --resume {outcome.folder.path}"
        return Answer("error", result, recipe, run, error=Interrupted("interrupted", hint=hint))
    findings = [finding.as_json() for finding in trained.findings]
    grave = any(finding.severity != "info" for finding in trained.findings)
    verdict: Verdict = "fail" if outcome.missed else "warn" if grave else "pass"
    return Answer(verdict, result, recipe, run, findings)
