"""``initial-loss`` and ``overfit-batch``: load a recipe, call the check, print and record it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import (
    MOST_SAMPLES,
    MOST_SEEDS,
    MOST_STEPS,
    AsJson,
    Debug,
    NoPython,
    Overrides,
    RecipePath,
    RunsDir,
)
from trickrun.cli.output import Answer, answer, import_torch, pace, tell_notes

if TYPE_CHECKING:
    from trickrun.checks.recipe_subject import RecipeSubject
    from trickrun.findings.verdict import Verdict
    from trickrun.run.folder import RunFolder
    from trickrun.run.pace import Pace

Check = Callable[["RecipeSubject", "Pace"], "tuple[Verdict, RecipeSubject]"]
"""From the user's recipe to the verdict and the derived recipe that was run."""


def initial_loss(
    recipe: RecipePath,
    overrides: Overrides = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=MOST_SEEDS, help="Draws of the initial weights.")
    ] = 5,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Step 1: compare the loss before training with what the loss and the data make expect.

    Example: trickrun initial-loss recipes/digits.yaml
    """

    def work() -> Answer:
        import_torch()
        from trickrun.checks.initial_loss.initial_loss_check import initial_loss as check
        from trickrun.reporting.steps import print_initial_loss

        return run_check(
            recipe,
            overrides or [],
            runs_dir,
            lambda subject, pace: check(subject, seeds, pace),
            print_initial_loss,
        )

    answer("initial-loss", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def overfit_batch(
    recipe: RecipePath,
    overrides: Overrides = None,
    size: Annotated[int, typer.Option(min=2, max=MOST_SAMPLES, help="Samples of the batch.")] = 32,
    steps: Annotated[int, typer.Option(min=1, max=MOST_STEPS, help="Most optimizer steps.")] = 500,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Step 2: fit one small batch without regularizers; if that fails, say what blocks.

    Example: trickrun overfit-batch recipes/digits.yaml
    """

    def work() -> Answer:
        import_torch()
        from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch as check
        from trickrun.reporting.steps import print_overfit_batch

        return run_check(
            recipe,
            overrides or [],
            runs_dir,
            lambda subject, pace: check(subject, size, steps, pace),
            print_overfit_batch,
        )

    answer("overfit-batch", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def run_check(
    recipe: Path,
    overrides: list[str],
    runs: Path | None,
    check: Check,
    show: Callable[[Verdict], None] | None = None,
    pictures: Callable[[Verdict], dict[str, str]] | None = None,
    at_the_end: Callable[[RunFolder, dict[str, str]], None] = lambda *_: None,
) -> Answer:
    """Run ``check`` on a recipe, record it in a run folder and print what it says.

    Args:
        show: prints the measurements, before the verdict.
        pictures: draws them; returns file name to content.
        at_the_end: is given the run folder and the pictures.
    """
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.checks.recipe_subject import RecipeSubject
    from trickrun.reporting.verdict import print_verdict
    from trickrun.run.check_folder import record
    from trickrun.run.folder import runs_dir

    subject = RecipeSubject(loaded)
    shown = pace()
    with shown.phase("reading the data"):
        subject.data  # noqa: B018  loads it
    verdict, derived = check(subject, shown)
    drawn = pictures(verdict) if pictures is not None else {}
    folder = record(verdict, loaded, derived.loaded, runs_dir(runs), sys.argv, drawn)
    notes = subject.data.notes
    tell_notes(notes)
    if show is not None:
        show(verdict)
    print_verdict(verdict)
    print(f"run: {folder.path}")
    at_the_end(folder, drawn)
    findings = [finding.as_json() for finding in verdict.findings]
    result = {**verdict.result, "notes": list(notes)}
    return Answer(verdict.verdict, result, str(recipe), str(folder.path), findings)
