"""``train``: from a recipe, or an earlier run, to a trained network in its run folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, Overrides, RunsDir, complete_run
from trickrun.cli.output import Answer, Verdict, answer, import_torch
from trickrun.cli.report import tell_report
from trickrun.errors import Diverged, Interrupted, Lost, TrickrunError

if TYPE_CHECKING:
    from trickrun.findings.finding import Finding
    from trickrun.run.execute import Outcome
    from trickrun.run.folder import RunFolder
    from trickrun.run.sink import Sink
    from trickrun.training.job import RecipeJob

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
        bool, typer.Option("--report", help="Also write the run as an HTML page.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", hidden=True)] = False,
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
        found = trained()
        if report and found.run is not None and found.error is None:
            from trickrun.run.folder import RunFolder

            tell_report(RunFolder(Path(found.run)))
        return found

    def trained() -> Answer:
        if resume is not None and dry_run:
            raise TrickrunError("--dry-run shows a recipe, not a run", hint="leave out --resume")
        if resume is not None:
            changes = [str(recipe)] if recipe is not None else []
            return go_on(resume, [*changes, *(overrides or [])], runs_dir, stop_when)
        if recipe is None:
            raise TrickrunError(
                "no recipe given", hint="trickrun train RECIPE, or trickrun train --resume RUN"
            )
        if dry_run:
            return show_plan(recipe, overrides or [])
        return train_recipe(recipe, overrides or [], runs_dir, stop_when)

    named = recipe if resume is None else None
    answer("train", as_json, debug, work, named, no_python, overrides, runs_dir)


def train_recipe(
    recipe: Path, overrides: list[str], runs: Path | None, stop_when: StopWhen | None
) -> Answer:
    """Train a recipe into a new run folder."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    import_torch()
    from trickrun.reporting.phases import phase
    from trickrun.reporting.progress import announce, progress_sink
    from trickrun.run import execute
    from trickrun.run.folder import runs_dir
    from trickrun.training.compile import compile_recipe

    with phase("reading the data"):
        job = compile_recipe(loaded.recipe, loaded.folder)
    with execute.start(loaded, runs_dir(runs), sys.argv, loaded.folder) as folder:
        before = look_first(job, folder)
        announce(job, folder)
        with progress_sink(job) as sink, told_if_it_fails(folder, before):
            sinks = [sink, first_steps(job, folder, before), *ending(job, stop_when)]
            outcome = execute.execute(folder, job, sys.argv, sinks)
        return conclude(outcome, str(recipe), before, job.data.notes)


def go_on(
    wanted: str, overrides: list[str], runs: Path | None, stop_when: StopWhen | None
) -> Answer:
    """Resume a run, in its own folder or, with changes, in a new one."""
    import_torch()
    from trickrun.reporting.phases import phase
    from trickrun.reporting.progress import announce, progress_sink
    from trickrun.run import execute, resume
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    root = runs_dir(runs)
    run = find(root, wanted, trained=True)
    with ExitStack() as opened:
        with phase("reading the data"):
            resumed = opened.enter_context(resume.resume(run, overrides, root, sys.argv))
        for warning in resumed.warnings:
            print(f"warning: {warning}; the end may differ in some bits", file=sys.stderr)
        for notice in resumed.notices:
            print(f"notice: {notice}", file=sys.stderr)
        before = look_first(resumed.job, resumed.folder)
        announce(resumed.job, resumed.folder)
        with progress_sink(resumed.job) as sink, told_if_it_fails(resumed.folder, before):
            first = first_steps(resumed.job, resumed.folder, before)
            sinks = [sink, first, *ending(resumed.job, stop_when)]
            outcome = execute.execute(resumed.folder, resumed.job, sys.argv, sinks)
        named = str(resumed.folder.path / "recipe.yaml")
        return conclude(outcome, named, before, resumed.job.data.notes)


def look_first(job: RecipeJob, folder: RunFolder) -> list[Finding]:
    """Return what recipe and data show before training; tell people, and note it in the folder."""
    from trickrun.checks.data_look import look
    from trickrun.cli.output import tell_before_training, tell_notes
    from trickrun.reporting.phases import phase

    tell_notes(job.data.notes)
    with phase("looking at the data"):
        found = look(job.recipe, job.data)
    tell_before_training(found)
    folder.write_json("findings.json", [finding.as_json() for finding in found])
    return found


def first_steps(job: RecipeJob, folder: RunFolder, before: list[Finding]) -> Sink:
    """Return what tells people if the first steps of a run have ended it already, adds that to what
    was known ``before``, and notes it in the folder."""
    from trickrun.checks.curves.while_training import first_steps_sink
    from trickrun.cli.output import tell_first_steps
    from trickrun.findings.stories import merged

    def tell(finding: Finding) -> None:
        tell_first_steps(merged([*before, finding], before))
        before.append(finding)
        folder.write_json("findings.json", [each.as_json() for each in before])

    return first_steps_sink(job.recipe, tell)


def ending(job: RecipeJob, stop_when: StopWhen | None) -> list[Sink]:
    """Return what ends a lost run, if that is wanted."""
    from trickrun.checks.curves.while_training import ending_sink

    return [ending_sink(job.recipe.optimizer.lr)] if stop_when == "lost" else []


def show_plan(recipe: Path, overrides: list[str]) -> Answer:
    """Print what would be trained."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.cli import output as findings
    from trickrun.data.splits.prepare import prepare
    from trickrun.reporting.phases import phase
    from trickrun.reporting.plan import plan, print_plan
    from trickrun.training.compile import compile_recipe
    from trickrun.training.device import training_type

    found = findings.from_text(loaded)
    findings.tell_before_training(found)
    with phase("reading the data"):
        data = prepare(loaded.recipe.data, loaded.folder, training_type(loaded.recipe))
    job = compile_recipe(loaded.recipe, loaded.folder, data)
    findings.tell_notes(job.data.notes)
    planned = plan(job)
    print_plan(planned)
    told = [finding.as_json() for finding in found]
    return Answer("pass", planned, recipe=str(recipe), findings=told)


def conclude(
    outcome: Outcome, recipe: str, before: list[Finding], notes: tuple[str, ...]
) -> Answer:
    """Print how a run ended, and what that shows, and return its answer.

    Args:
        before: what was known before it began.
        notes: what was said of its data.
    """
    from trickrun.reporting.progress import print_outcome

    print_outcome(outcome)
    result = {**outcome.result, "missed": outcome.missed, "notes": list(notes)}
    run = str(outcome.folder.path)
    if outcome.interrupted:
        hint = f"continue with: trickrun train --resume {outcome.folder.path}"
        return Answer("error", result, recipe, run, error=Interrupted("interrupted", hint=hint))
    findings = shown_findings(outcome, before)
    grave = any(finding["severity"] != "info" for finding in findings)
    verdict: Verdict = "fail" if outcome.missed else "warn" if grave else "pass"
    return Answer(verdict, result, recipe, run, findings)


def shown_findings(outcome: Outcome, before: list[Finding]) -> list[dict[str, Any]]:
    """Return what a finished run shows, with what was known before, causes first.

    Prints what people should know, and were not told when it began.
    """
    from trickrun.checks.curves.while_training import read_run
    from trickrun.findings.stories import merged, seen, stories
    from trickrun.reporting.console import terminal
    from trickrun.reporting.verdict import print_stories

    findings = merged([*before, *read_run(outcome.folder)], before)
    grave = [story for story in stories(seen(findings)) if story.severity != "info"]
    print_stories(terminal(), grave, before)
    rows = [finding.as_json() for finding in findings]
    outcome.folder.write_json("findings.json", rows)
    return rows


@contextmanager
def told_if_it_fails(folder: RunFolder, before: list[Finding]) -> Iterator[None]:
    """Add to the error of a run that diverges what was known before, if that explains it."""
    from trickrun.checks.curves.while_training import read_run
    from trickrun.findings.stories import merged, stories
    from trickrun.recipe.text.command_line import typed

    try:
        yield
    except (Diverged, Lost) as error:
        findings = merged([*before, *(error.findings or read_run(folder))], before)
        error.findings = tuple(findings)
        story = next((story for story in stories(findings) if story.symptoms), None)
        if story is not None and story.edit:
            cause = f"{story.cause.code} {story.cause.name}"
            error.hint = f"{cause} explains it: {typed(story.edit)} fixes it"
        folder.write_json("findings.json", [finding.as_json() for finding in findings])
        raise
