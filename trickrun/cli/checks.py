"""``initial-loss`` and ``overfit-batch``: load a recipe, call the check, print and record it."""

from __future__ import annotations

import sys
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
from trickrun.cli.output import Answer, answer, import_torch, pace

if TYPE_CHECKING:
    from trickrun.reporting.commands.checks import AtTheEnd, Check, Pictures, Show


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
    show: Show,
    pictures: Pictures | None = None,
    at_the_end: AtTheEnd = lambda *_: None,
) -> Answer:
    """Run ``check`` on a recipe, record it in a run folder and print what it says."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.reporting.commands.checks import check_recipe
    from trickrun.run.folder import runs_dir

    root = runs_dir(runs)
    done = check_recipe(loaded, root, sys.argv, pace(), check, show, pictures, at_the_end)
    verdict = done.verdict
    findings = [finding.as_json() for finding in verdict.findings]
    result = {**verdict.result, "notes": list(done.notes)}
    return Answer(verdict.verdict, result, str(recipe), str(done.folder.path), findings)
