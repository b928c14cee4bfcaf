"""A checklist in the terminal: a line as each step begins, its verdict as it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from trickrun.checks.checklist.checklist_check import LAST
from trickrun.checks.checklist.context import StepOutcome, own_folder
from trickrun.errors import OutOfTime, RunFolderError
from trickrun.findings.stories import stories
from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.command_line import typed_each
from trickrun.reporting.console import Text, number, say, seconds, terminal
from trickrun.reporting.pictures import UNDRAWN, drawn_step
from trickrun.reporting.verdict import STYLES, print_stories, say_edits
from trickrun.reporting.visible import in_line
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE
from trickrun.search.executors.workers import DRAWING, WORKERS

Drawing = Callable[[], dict[str, str]]
"""Waits for pictures, by the file's name."""

UNFIT = (RunFolderError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What comes of drawing evidence that somebody has changed. No form describes all of it, and a
checklist ends without its pictures too."""


def tell(name: str, done: StepOutcome | OutOfTime | None) -> None:
    """Print that a step begins, or what it found, or why it is left out."""
    out = terminal()
    if done is None:
        out.print(Text(f"\n{name} ...", "bold"))
        return
    if isinstance(done, OutOfTime):
        say(out, Text(f"left out: {done.message}", "yellow"))
        return
    first, *more = done.summary.splitlines() or [""]
    head = Text(done.verdict.upper(), STYLES[done.verdict])
    say(out, Text.assemble(head, f" ({seconds(done.seconds)}) ", first))
    for line in more:
        say(out, Text(line))
    for finding in done.findings:
        if finding["severity"] != "info":
            say(out, Text(f"  {finding['code']} {finding['name']}: {in_line(finding['why'])}"))
    if done.shrunk:
        say(out, Text(f"  to fit the budget: {', '.join(done.shrunk)}", "yellow"))
    if done.cut:
        say(out, Text(f"  left out: {', '.join(done.cut)}", "yellow"))
    if done.edits:
        # Only the contest of the last step decides what is kept.
        word = "kept" if name == LAST else "continues with"
        say_edits(out, f"  {word}: ", typed_each(done.edits), "cyan")


def print_end(verdict: Verdict, folder: RunFolder) -> None:
    """Print the checklist's own verdict and where its files are."""
    out = terminal()
    out.print()
    head = Text(verdict.verdict.upper(), STYLES[verdict.verdict])
    say(out, Text.assemble(head, " ", verdict.summary))
    print_stories(out, [story for story in stories(verdict.findings) if story.severity != "info"])
    if verdict.result["left_out"]:
        left = ", ".join(verdict.result["left_out"])
        say(out, Text(f"no time for: {left}; {MORE}", "yellow"))
    if verdict.result.get("test"):
        scored = verdict.result["test"].items()
        scores = "  ".join(f"{key} {number(score)}" for key, score in scored)
        out.print(f"test, scored once: {scores}")
    if verdict.result["tuned_recipe"] is not None:
        out.print(f"tuned recipe: {verdict.result['tuned_recipe']}", soft_wrap=True)
        if verdict.result["tied_to_its_folder"]:
            out.print("  its paths are relative to your recipe's folder: copy it there to train it")
    out.print(f"report: {folder.path / 'report.html'}", soft_wrap=True)


def draw_aside(step: StepOutcome) -> Drawing:
    """Begin the pictures of a step that has just ended in a worker, if it has any, and return what
    waits for them."""
    if step.name in UNDRAWN:
        return dict
    return WORKERS.aside(DRAWING, partial(drawn_step, step.name, RunFolder(Path(step.run))))


def drawn_steps(
    done: Sequence[StepOutcome], checklist: RunFolder, begun: Mapping[str, Drawing] | None = None
) -> dict[str, dict[str, str]]:
    """Return the pictures of each step, by its name and the file's, as its own command draws them;
    none of a step whose folder is gone.

    Args:
        begun: by a step's name: what waits for its pictures; others are drawn here.
    """
    drawn: dict[str, dict[str, str]] = {}
    for step in done:
        folder = own_folder(checklist.own_runs, checklist.name, step)
        if folder is None:
            continue
        drawing = (begun or {}).get(step.name, partial(drawn_step, step.name, folder))
        try:
            drawn[step.name] = drawing()
        except UNFIT as error:
            told = said_of(error, folder)
            print(f"note: no picture of {step.name}: {told}", file=sys.stderr)
    return drawn


def add_pictures(
    drawn: Mapping[str, Mapping[str, str]], done: Sequence[StepOutcome], checklist: RunFolder
) -> None:
    """Write the pictures of each step into its run folder, as its own command does, unless it is
    gone, or another process works there."""
    for step in done:
        folder = own_folder(checklist.own_runs, checklist.name, step)
        if folder is None or not drawn.get(step.name):
            continue
        with folder.locked_if_free() as mine:
            for name, picture in drawn[step.name].items() if mine else ():
                folder.write(name, picture)


def said_of(error: Exception, folder: RunFolder) -> str:
    """Return why the evidence in a folder cannot be drawn."""
    if isinstance(error, RunFolderError):
        return str(error)
    return f"{folder.path}: its evidence.json is not what the step wrote ({error!r})"
