"""The checklist of a recipe: all six steps, printed as they are taken, and one report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trickrun.checks.checklist.checklist_check import run_checklist
from trickrun.checks.checklist.context import StepOutcome
from trickrun.errors import OutOfTime
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.reporting.checklist import (
    Drawing,
    add_pictures,
    draw_aside,
    drawn_steps,
    print_end,
    tell,
)
from trickrun.reporting.checklist_page import report
from trickrun.reporting.phases import phase
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace


def take_checklist(
    loaded: Loaded, root: Path, command: Sequence[str], keep_going: bool, pace: Pace
) -> tuple[Verdict, RunFolder]:
    """Take the checklist, print each step, write the report; see ``run_checklist``."""

    begun: dict[str, Drawing] = {}

    def told(name: str, step: StepOutcome | OutOfTime | None) -> None:
        tell(name, step)
        if isinstance(step, StepOutcome):
            begun[name] = draw_aside(step)

    def finish(found: Verdict, taken: tuple[StepOutcome, ...], place: RunFolder) -> None:
        with phase("drawing the report"):
            drawn = drawn_steps(taken, place, begun)
            add_pictures(drawn, taken, place)
            place.write("report.html", report(found, taken, place, drawn))

    verdict, _, folder = run_checklist(loaded, root, list(command), told, finish, keep_going, pace)
    print_end(verdict, folder)
    return verdict, folder
