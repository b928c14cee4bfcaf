"""A check on a recipe: run, recorded in a run folder, printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.reporting.telling import tell_notes
from trickrun.reporting.verdict import print_verdict
from trickrun.run.check_folder import record
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace

Check = Callable[[RecipeSubject, Pace], tuple[Verdict, RecipeSubject]]
"""From the user's recipe to the verdict and the derived recipe that was run."""

Show = Callable[[Verdict], None]
"""Prints the measurements, before the verdict."""

Pictures = Callable[[Verdict], dict[str, str]]
"""Draws the measurements; returns file name to content."""


AtTheEnd = Callable[[RunFolder, dict[str, str]], None]
"""Is given the run folder and the pictures, once all is written."""


@dataclass(frozen=True)
class Checked:
    """A check that has ended.

    Args:
        notes: what people should know of the data.
    """

    verdict: Verdict
    folder: RunFolder
    notes: tuple[str, ...]


def check_recipe(
    loaded: Loaded,
    root: Path,
    command: Sequence[str],
    pace: Pace,
    check: Check,
    show: Show,
    pictures: Pictures | None = None,
    at_the_end: AtTheEnd = lambda *_: None,
) -> Checked:
    """Run ``check`` on a recipe, record it in a run folder and print what it says.

    Args:
        root: where run folders are.
        command: the command line, for the record.
    """
    subject = RecipeSubject(loaded)
    with pace.phase("reading the data"):
        subject.data  # noqa: B018  loads it
    verdict, derived = check(subject, pace)
    drawn = pictures(verdict) if pictures is not None else {}
    folder = record(verdict, loaded, derived.loaded, root, list(command), drawn)
    tell_notes(subject.data.notes)
    show(verdict)
    print_verdict(verdict)
    print(f"run: {folder.path}")
    at_the_end(folder, drawn)
    return Checked(verdict, folder, tuple(subject.data.notes))
