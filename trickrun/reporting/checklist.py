"""A checklist in the terminal: a line as each step begins, its verdict as it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from trickrun.checks.checklist.checklist_check import LAST
from trickrun.checks.checklist.context import StepOutcome, own_folder
from trickrun.errors import OutOfTime, RunFolderError
from trickrun.findings.stories import stories
from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import Text, number, terminal
from trickrun.reporting.verdict import STYLES, print_stories
from trickrun.run.check_folder import recall
from trickrun.run.folder import RunFolder
from trickrun.run.pace import MORE

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
        out.print(Text(f"left out: {done.message}", "yellow"), soft_wrap=True)
        return
    head = Text(done.verdict.upper(), STYLES[done.verdict])
    out.print(head, Text(f"({done.seconds:.1f} s)"), Text(done.summary), soft_wrap=True)
    for finding in done.findings:
        if finding["severity"] != "info":
            text = f"  {finding['code']} {finding['name']}: {finding['why']}"
            out.print(Text(text), soft_wrap=True)
    if done.shrunk:
        out.print(Text(f"  to fit the budget: {', '.join(done.shrunk)}", "yellow"))
    if done.cut:
        out.print(Text(f"  left out: {', '.join(done.cut)}", "yellow"), soft_wrap=True)
    if done.edits:
        # Only the contest of the last step decides what is kept.
        word = "kept" if name == LAST else "continues with"
        out.print(Text(f"  {word}: {typed(done.edits)}", "cyan"), soft_wrap=True)


def print_end(verdict: Verdict, folder: RunFolder) -> None:
    """Print the checklist's own verdict and where its files are."""
    out = terminal()
    out.print()
    out.print(Text(verdict.verdict.upper(), STYLES[verdict.verdict]), Text(verdict.summary))
    grave = [story for story in stories(verdict.findings) if story.severity != "info"]
    print_stories(out, grave)
    if verdict.result["left_out"]:
        left = ", ".join(verdict.result["left_out"])
        out.print(Text(f"no time for: {left}; {MORE}", "yellow"), soft_wrap=True)
    if verdict.result.get("test"):
        scored = verdict.result["test"].items()
        scores = "  ".join(f"{key} {number(score)}" for key, score in scored)
        out.print(f"test, scored once: {scores}")
    if verdict.result["tuned_recipe"] is not None:
        out.print(f"tuned recipe: {verdict.result['tuned_recipe']}", soft_wrap=True)
        if verdict.result["tied_to_its_folder"]:
            out.print("  its paths are relative to your recipe's folder: copy it there to train it")
    out.print(f"report: {folder.path / 'report.html'}", soft_wrap=True)


def add_pictures(done: Sequence[StepOutcome], checklist: RunFolder) -> None:
    """Draw the pictures of each step into its run folder, as its own command does, unless it is
    gone, or another process works there."""
    for step in done:
        folder = own_folder(checklist.own_runs, checklist.name, step)
        if folder is None:
            continue
        with folder.locked_if_free() as mine:
            if not mine:
                continue
            try:
                drawn = pictures(step.name, recall(folder))
            except UNFIT as error:
                told = said_of(error, folder)
                print(f"note: no picture of {step.name}: {told}", file=sys.stderr)
                continue
            for name, picture in drawn.items():
                folder.write(name, picture)


def said_of(error: Exception, folder: RunFolder) -> str:
    """Return why the evidence in a folder cannot be drawn."""
    if isinstance(error, RunFolderError):
        return str(error)
    return f"{folder.path}: its evidence.json is not what the step wrote ({error!r})"


def pictures(name: str, verdict: Verdict) -> dict[str, str]:
    """Return a step's pictures by file name."""
    # Imported here because the terminal's lines do not wait for matplotlib.
    from trickrun.reporting import curve_pictures, grid_pictures
    from trickrun.reporting import steps as lr_find

    if name == "lr-find":
        return lr_find.pictures(verdict)
    if name == "curves":
        return {"curves.svg": curve_pictures.picture(verdict)}
    return grid_pictures.pictures(verdict.result) if name.startswith("grid") else {}
