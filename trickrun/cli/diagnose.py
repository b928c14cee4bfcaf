"""``diagnose``: why a recipe or a run trains badly, and the edit that mends it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import (
    AsJson,
    Debug,
    NoPython,
    Overrides,
    RunsDir,
    seconds,
    training_named,
)
from trickrun.cli.output import Answer, answer, begin_workers, import_torch, pace
from trickrun.errors import TrickrunError

if TYPE_CHECKING:
    from trickrun.findings.verdict import Verdict
    from trickrun.recipe.load import Loaded
    from trickrun.run.folder import RunFolder

RECIPES = (".yaml", ".yml")
"""How a recipe's file name ends; everything else names a run."""


def diagnose(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE|RUN",
            help="A recipe, or a run: its folder, id or name.",
            show_default=False,
        ),
    ],
    overrides: Overrides = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Train briefly with each edit; keep what helps.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the best edit into the recipe file.")
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option(
            parser=seconds,
            metavar="TIME",
            help="For the whole command, including its start.",
            show_default="60s, slow ones 150s",
        ),
    ] = None,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say why a recipe or a run trains badly: causes first, each with its evidence and its edit.

    Example: trickrun diagnose recipes/digits.yaml --confirm
    """
    path = Path(target)
    recipe = path if path.suffix in RECIPES else None

    def work() -> Answer:
        if apply and (overrides or recipe is None):
            raise TrickrunError(
                "the edit would fit the changed recipe, not its file",
                "--apply",
                "diagnose the recipe file without changes on the command line",
            )
        if apply and recipe is not None:
            from trickrun.run.apply import check_target

            check_target(recipe, {})
        verdict, folder = diagnosed(target, overrides or [], confirm, budget, runs_dir)
        if apply and recipe is not None:
            write(recipe, verdict, confirm)
        findings = [finding.as_json() for finding in verdict.findings]
        result = {**verdict.result, "confirm": confirm}
        return Answer(verdict.verdict, result, target, str(folder.path), findings)

    answer("diagnose", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def diagnosed(
    target: str, overrides: list[str], confirm: bool, budget: float | None, runs: Path | None
) -> tuple[Verdict, RunFolder]:
    """Diagnose a recipe or a run, record the diagnosis in a folder of its own, and print it."""
    from trickrun.recipe.load import load

    # What is wrong with the recipe's text is told before torch is imported.
    path = Path(target)
    loaded = load(path, overrides) if path.suffix in RECIPES else None
    if confirm:
        from trickrun.search.executors.workers import JUDGING

        begin_workers(JUDGING)
    else:
        import_torch()
    from trickrun.reporting.commands.diagnosis import diagnose_and_tell
    from trickrun.run.folder import runs_dir

    of: Loaded | RunFolder | None = loaded
    if of is None:
        if overrides:
            hint = "changes need a recipe: trickrun diagnose RECIPE path=value"
            raise TrickrunError("a run cannot be changed", overrides[0], hint)
        of = training_named(target, runs)
    return diagnose_and_tell(target, of, runs_dir(runs), sys.argv, confirm, pace(budget))


def write(recipe: Path, verdict: Verdict, confirm: bool) -> None:
    """Write the best edit into the recipe file and print what changed.

    Args:
        confirm: whether edits were tried; then only one that helped, or stops a leak, is written.
    """
    from trickrun.findings.conclusion import is_leak
    from trickrun.run.apply import apply_edits

    able = [f for f in verdict.findings if f.edit and f.severity != "info"]
    edits = [f.edit for f in able if f.confirmed is not None or is_leak(f) or not confirm]
    if not edits:
        print("nothing to apply: " + ("no edit helps" if confirm else "no finding has an edit"))
        return
    changed = apply_edits(recipe, edits[0] or {})
    print(changed or f"{recipe} already has this edit\n", end="")
