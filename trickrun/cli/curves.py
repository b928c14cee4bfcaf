"""``curves``: step 6, what the loss curves of a recipe or of earlier runs show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import (
    MOST_SEEDS,
    AsJson,
    Debug,
    NoPython,
    RunsDir,
    training_named,
)
from trickrun.cli.output import Answer, answer, import_torch, pace
from trickrun.errors import TrickrunError
from trickrun.reporting.telling import tell_report
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.findings.verdict import Verdict
    from trickrun.run.folder import RunFolder
    from trickrun.run.sink import Sink
    from trickrun.training.events import Event
    from trickrun.training.job import RecipeJob

HEIGHT = 9
"""Lines of a plot's drawing area."""

WIDEST, PIPED = 150, 80
"""Characters of a line of plots, on a terminal (at most) and in a pipe."""


def curves(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE|RUN|FILE...",
            help=(
                "A recipe to train, with changes path=value; runs: folders, ids or names; or "
                "another tool's logs: CSV, JSON lines, TensorBoard event files."
            ),
            show_default=False,
        ),
    ],
    seeds: Annotated[
        int, typer.Option(min=1, max=MOST_SEEDS, help="Train a recipe with this many seeds.")
    ] = 1,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=NAME,...",
            help="Of a log: its columns, such as train=loss,val=test_loss; guessed by default.",
            show_default=False,
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of a log: draw it to this .svg or .png file."),
    ] = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Step 6: say what the loss curves show and what to do: of runs, of a recipe trained now, or of
    another tool's log.

    Example: trickrun curves recipes/digits.yaml --seeds 3, or: trickrun curves losses.csv
    """

    def work() -> Answer:
        logs = [] if recipe is not None else logs_among(targets)
        if logs and len(logs) == len(targets):
            return curves_of_files([Path(log) for log in logs], columns or [], picture)
        if columns or picture:
            raise TrickrunError("these options are for logs of other tools", "--columns, --picture")
        if logs:
            raise TrickrunError("logs and runs are judged apart", logs[0], "give only logs")
        if recipe is not None:
            return curves_of_recipe(recipe, targets[1:], seeds, runs_dir)
        return curves_of_runs(targets, runs_dir)

    recipe = recipe_among(targets)
    overrides = targets[1:] if recipe is not None else []
    answer("curves", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def recipe_among(targets: list[str]) -> Path | None:
    """Return the first argument as a recipe's path if it looks like one."""
    first = Path(targets[0])
    return first if first.suffix in (".yaml", ".yml") else None


def logs_among(targets: list[str]) -> list[str]:
    """Return the arguments that are logs of another tool."""
    from trickrun.checks.curves.files.events import is_log

    return [target for target in targets if is_log(target)]


def curves_of_recipe(recipe: Path, overrides: list[str], seeds: int, runs: Path | None) -> Answer:
    """Train a recipe and judge its curves."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    import_torch()
    from trickrun.checks.curves.curves_check import train_runs
    from trickrun.run.check_folder import begin
    from trickrun.run.folder import runs_dir

    with begin(loaded, loaded, runs_dir(runs), sys.argv) as folder:
        trained = train_runs(loaded, folder.own_runs, sys.argv, watch, seeds, pace())
        found, drawn = judged(trained, folder, recipe)
    tell_report(folder, drawn)
    return found


def curves_of_runs(targets: list[str], runs: Path | None) -> Answer:
    """Judge the curves of earlier runs."""
    for target in targets:
        if "=" in target:
            hint = "changes need a recipe: trickrun curves RECIPE path=value"
            raise TrickrunError("runs cannot be changed", target, hint)
    from trickrun.checks.curves.curves_check import folder_for
    from trickrun.checks.curves.reference import reference_of_run
    from trickrun.run.folder import runs_dir

    trained = [training_named(target, runs) for target in targets]
    for run in trained:
        reference_of_run(run)  # it is kept in the run's folder, which is locked below
    with folder_for(trained, runs_dir(runs), sys.argv) as folder:
        found, drawn = judged(trained, folder, None)
    tell_report(folder, drawn)
    return found


def curves_of_files(files: list[Path], columns: list[str], picture: Path | None) -> Answer:
    """Judge the curves of another tool's logs."""
    from trickrun.checks.curves.files.naming import said
    from trickrun.checks.curves.files.read import read_files

    if picture is not None and picture.suffix not in (".svg", ".png"):
        raise TrickrunError("a picture is an .svg or a .png file", str(picture))
    verdict = read_files(files, said(columns))
    for run in verdict.result["runs"]:
        for note in run["notes"]:
            print(in_line(f"{run['run']}: {note}"), file=sys.stderr)
        told = ", ".join(f"{role} = {column}" for role, column in run["columns"].items())
        print(in_line(f"{run['run']}: {told}"))
    show(verdict)
    if picture is not None:
        draw_to(picture, verdict)
        print(in_line(f"picture: {picture}"))
    findings = [finding.as_json() for finding in verdict.findings]
    return Answer(verdict.verdict, verdict.result, findings=findings)


def draw_to(file: Path, verdict: Verdict) -> None:
    """Draw the curves to a file."""
    from trickrun.reporting.curve_pictures import panels
    from trickrun.reporting.line_plot import draw
    from trickrun.run.files import write_whole

    drawn = panels(verdict)
    if file.suffix == ".png":
        from trickrun.reporting.raster import png

        write_whole(file, png(drawn))
    else:
        write_whole(file, draw(drawn).encode())


@contextmanager
def watch(job: RecipeJob, folder: RunFolder) -> Iterator[Sink]:
    """Say what is wrong already, announce a run and yield what shows its progress."""
    from trickrun.reporting.commands.training import first_steps, look_first
    from trickrun.reporting.progress import announce, progress_sink

    first = first_steps(job, folder, look_first(job, folder))
    announce(job, folder)
    with progress_sink(job) as show_progress:

        def sink(event: Event) -> None:
            show_progress(event)
            first(event)

        yield sink


def judged(
    trained: list[RunFolder], folder: RunFolder, recipe: Path | None
) -> tuple[Answer, dict[str, str]]:
    """Judge runs, record in ``folder`` what their curves show, and print it.

    Returns the answer, and the pictures by file name.
    """
    from trickrun.checks.curves.curves_check import read_runs
    from trickrun.reporting.pictures import pictures
    from trickrun.run.check_folder import conclude

    verdict = read_runs(trained, beside_learners=True)
    drawn = pictures("curves", verdict)
    conclude(folder, verdict, drawn)
    show(verdict)
    print(f"run: {folder.path}")
    findings = [finding.as_json() for finding in verdict.findings]
    named = str(recipe or folder.path / "recipe.yaml")
    return Answer(verdict.verdict, verdict.result, named, str(folder.path), findings), drawn


def show(verdict: Verdict) -> None:
    """Print the curves and what they show."""
    from trickrun.reporting.console import terminal
    from trickrun.reporting.curve_pictures import panels
    from trickrun.reporting.terminal_plot import in_terminal
    from trickrun.reporting.verdict import print_verdict

    console = terminal()
    width = min(console.width, WIDEST) if console.is_terminal else PIPED
    print(in_terminal(panels(verdict), width, HEIGHT))
    print_verdict(verdict)
