"""``grid coarse`` and ``grid fine``: the searches of steps 4 and 5."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trickrun.cli.options import (
    MOST_SEEDS,
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
from trickrun.errors import TrainingFailed, TrickrunError
from trickrun.reporting.telling import tell_report

if TYPE_CHECKING:
    from trickrun.search.plan import Stage

app = typer.Typer(help="Steps 4 and 5: search the recipe's space.", no_args_is_help=True)

Seeds = Annotated[
    int, typer.Option(min=0, max=MOST_SEEDS, help="Train the best three again with N seeds.")
]


@app.command()
def coarse(
    recipe: RecipePath,
    overrides: Overrides = None,
    seeds: Seeds = 0,
    budget: Budget = None,
    track: Track = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Search grid.coarse.space with few epochs: where is it worth looking?

    Example: trickrun grid coarse recipes/digits.yaml
    """
    answer(
        "grid coarse",
        as_json,
        debug,
        lambda: tracked_check(
            track,
            lambda: run_grid("coarse", recipe, overrides or [], seeds, budget, runs_dir, None),
        ),
        recipe,
        no_python,
        overrides,
        runs_dir,
    )


@app.command()
def fine(
    recipe: RecipePath,
    overrides: Overrides = None,
    from_run: Annotated[
        str | None,
        typer.Option("--from", help="The coarse search to start from; by default the newest."),
    ] = None,
    seeds: Seeds = 0,
    budget: Budget = None,
    track: Track = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Search around the coarse search's best trials with more epochs.

    Example: trickrun grid fine recipes/digits.yaml
    """
    answer(
        "grid fine",
        as_json,
        debug,
        lambda: tracked_check(
            track,
            lambda: run_grid("fine", recipe, overrides or [], seeds, budget, runs_dir, from_run),
        ),
        recipe,
        no_python,
        overrides,
        runs_dir,
    )


def run_grid(
    stage: Stage,
    recipe: Path,
    overrides: list[str],
    seeds: int,
    budget: float | None,
    runs: Path | None,
    from_run: str | None,
) -> Answer:
    """Plan a search, run or go on with it, and print what it says."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.search.executors.workers import DRAWING, JUDGING

    begin_workers(JUDGING, DRAWING)
    from trickrun.checks.grid_check import run_search
    from trickrun.reporting.grid import live_table, print_search
    from trickrun.reporting.pictures import draw_aside
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    root = runs_dir(runs)
    fine = loaded.recipe.grid.fine.space if loaded.recipe.grid else None
    if from_run is not None and fine is not None:
        raise TrickrunError(
            "the recipe already gives the space of the fine search",
            "--from",
            "remove this or grid.fine.space",
        )
    source = find(root, from_run) if from_run is not None else None
    drawn: dict[str, str] = {}

    def draw(result: dict[str, Any]) -> Callable[[], dict[str, str]]:
        waiting = draw_aside(result)
        from trickrun.reporting import run_page  # noqa: F401  meanwhile

        def pictures() -> dict[str, str]:
            drawn.update(waiting())
            return drawn

        return pictures

    with live_table() as watch:
        verdict, folder = run_search(
            loaded, stage, root, sys.argv, watch, seeds, source, draw=draw, pace=pace(budget)
        )
    print_search(verdict)
    print(f"run: {folder.path}")
    tell_report(folder, drawn)
    failed = (
        TrainingFailed(verdict.summary, str(folder.path))
        if verdict.result["best"] is None
        else None
    )
    return Answer(
        "error" if failed else verdict.verdict,
        verdict.result,
        str(recipe),
        str(folder.path),
        [finding.as_json() for finding in verdict.findings],
        failed,
    )
