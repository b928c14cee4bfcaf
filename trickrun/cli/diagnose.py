"""``diagnose``: why a recipe or a run trains badly, and the edit that mends it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import AsJson, Debug, Overrides, RunsDir
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError

if TYPE_CHECKING:
    from trickrun.checks.verdict import Verdict


def seconds(text: str) -> float:
    """Return a length of time such as 60s, 2m or 90 in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min)?", text.strip())
    if found is None or float(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is no time; give 60s or 2m")
    return float(found[1]) * (60 if found[2] in ("m", "min") else 1)


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
            parser=seconds, metavar="TIME", help="For --confirm.", show_default="60s, slow: 150s"
        ),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say why a recipe or a run trains badly: causes first, each with its evidence and its edit.

    Example: trickrun diagnose recipes/digits.yaml --confirm
    """
    path = Path(target)
    recipe = path if path.suffix in (".yaml", ".yml") else None

    def work() -> Answer:
        if apply and overrides:
            raise TrickrunError(
                "the edit would be for the recipe as changed here, not for its file",
                "--apply",
                "write the changes into the file first, or leave out --apply",
            )
        if recipe is None:
            raise TrickrunError("give a recipe", target)
        return of_recipe(recipe, overrides or [], confirm, budget, apply, runs_dir)

    answer("diagnose", as_json, debug, work, recipe)


def of_recipe(
    recipe: Path,
    overrides: list[str],
    confirm: bool,
    budget: float | None,
    apply: bool,
    runs: Path | None,
) -> Answer:
    """Diagnose a recipe, print what was found, and write the best edit if asked to."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.checks.diagnose.check import diagnose as check
    from trickrun.checks.verdict import record
    from trickrun.report.verdict import print_verdict
    from trickrun.run.folder import runs_dir

    verdict, derived = check(loaded, confirm, budget)
    folder = record(verdict, loaded, derived, runs_dir(runs), sys.argv)
    print_verdict(verdict)
    print(f"run: {folder.path}")
    if apply:
        write(recipe, verdict, confirm)
    findings = [finding.as_json() for finding in verdict.findings]
    return Answer(verdict.verdict, verdict.result, str(recipe), str(folder.path), findings)


def write(recipe: Path, verdict: Verdict, confirm: bool) -> None:
    """Write the best edit into the recipe file and print what changed."""
    from trickrun.recipe.apply import apply_edits

    able = [f for f in verdict.findings if f.edit and (f.confirmed or not confirm)]
    able = [f for f in able if f.severity != "info"]
    if not able:
        print("nothing to apply: no edit helps" if confirm else "nothing to apply")
        return
    assert able[0].edit is not None
    changed = apply_edits(recipe, able[0].edit)
    print(changed or f"{recipe} says so already", end="" if changed else "\n")
