"""``lr-find``: step 3, and the edit of the recipe's learning rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.checks import run_check
from trickrun.cli.options import (
    MOST_SEEDS,
    MOST_STEPS,
    AsJson,
    Debug,
    NoPython,
    Overrides,
    RecipePath,
    RunsDir,
)
from trickrun.cli.output import Answer, answer, import_torch
from trickrun.errors import TrickrunError
from trickrun.reporting.telling import tell_report

if TYPE_CHECKING:
    from trickrun.checks.recipe_subject import RecipeSubject
    from trickrun.findings.verdict import Verdict
    from trickrun.run.pace import Pace


def lr_find(
    recipe: RecipePath,
    overrides: Overrides = None,
    low: Annotated[float, typer.Option(help="Learning rate of the first step.")] = 1e-7,
    high: Annotated[float, typer.Option(help="Learning rate of the last step.")] = 10.0,
    steps: Annotated[
        int, typer.Option(min=50, max=MOST_STEPS, help="Training steps of each seed.")
    ] = 200,
    seeds: Annotated[
        int, typer.Option(min=1, max=MOST_SEEDS, help="Draws of weights and batches.")
    ] = 3,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the suggestion into the recipe file.")
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Step 3: find the learning rate by a range test, or say why none can be suggested.

    Example: trickrun lr-find recipes/digits.yaml
    """

    def work() -> Answer:
        if apply and overrides:
            raise TrickrunError(
                "the suggestion would fit the changed recipe, not its file",
                "--apply",
                "write the changes into the file first, or omit --apply",
            )
        if apply:
            from trickrun.run.apply import check_target

            check_target(recipe, {"optimizer.lr": low})
        found = find(recipe, overrides or [], (low, high, steps, seeds), runs_dir)
        if apply and found.result["suggestion"] is not None:
            write(recipe, found.result["suggestion"])
        return found

    answer("lr-find", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def find(
    recipe: Path, overrides: list[str], size: tuple[float, float, int, int], runs: Path | None
) -> Answer:
    """Run the range test of ``size`` (low, high, steps, seeds) and print what it says."""
    import_torch()
    from trickrun.checks.lr_find.lr_find_check import Range
    from trickrun.checks.lr_find.lr_find_check import lr_find as check
    from trickrun.reporting.steps import pictures, print_lr_find

    def test(subject: RecipeSubject, pace: Pace) -> tuple[Verdict, RecipeSubject]:
        return check(subject, Range(*size), pace)

    return run_check(recipe, overrides, runs, test, print_lr_find, pictures, tell_report)


def write(recipe: Path, suggestion: float) -> None:
    """Write the suggestion into the recipe file and print what changed."""
    from trickrun.run.apply import apply_edits

    changed = apply_edits(recipe, {"optimizer.lr": suggestion})
    if changed:
        print(changed, end="")
    else:
        print(f"{recipe} has optimizer.lr {suggestion:g} already")
