"""What people are told besides a command's own output: notes on data, early findings, a report."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trickrun.findings.finding import Finding
from trickrun.reporting.visible import in_line
from trickrun.reporting.width import in_width

if TYPE_CHECKING:
    from trickrun.run.folder import RunFolder


def tell_notes(notes: Sequence[str]) -> None:
    """Print to stderr what people should know of the data that was loaded, a line each."""
    for note in notes:
        print(in_width(f"data: {in_line(note)}", sys.stderr), file=sys.stderr)


def tell_before_training(findings: Sequence[Finding]) -> None:
    """Print the stories of errors and warnings to stderr."""
    from trickrun.findings.stories import stories
    from trickrun.reporting.console import say, terminal
    from trickrun.reporting.verdict import EDIT, story_lines

    console = terminal(stderr=True)
    for story in stories(findings):
        if story.severity != "info":
            head, why, *others = (text for text, _ in story_lines(story))
            for line in (f"{head}: {why.strip()}", *others):
                if line.startswith(EDIT):
                    console.print(line, soft_wrap=True)
                else:
                    say(console, line)


def tell_first_steps(findings: Sequence[Finding]) -> None:
    """Print to stderr the story of what the first steps of a run showed.

    Args:
        findings: that, merged with what was told before.
    """
    from trickrun.findings.stories import is_seen, stories
    from trickrun.reporting.verdict import story_lines

    for story in stories(findings):
        if any(map(is_seen, story.findings)):
            known = not is_seen(story.cause)
            print(*(text for text, _ in story_lines(story, known)), sep="\n", file=sys.stderr)


def tell_report(folder: RunFolder, drawn: Mapping[str, str] | None = None) -> None:
    """Write the page of a run that has just ended into its folder, and tell where it is.

    Args:
        drawn: its pictures by file name; None: they are drawn.
    """
    from trickrun.reporting.run_page import write_report

    print(in_line(f"report: {write_report(folder, drawn)}"))


def tell_training(folder: RunFolder) -> None:
    """Write the page of a training that has just ended into its folder, and tell where it is.

    A page that cannot be made is told too, and no failure: the run is trained.
    """
    from trickrun.errors import TrickrunError

    try:
        tell_report(folder)
    except TrickrunError as error:
        print(in_line(f"notice: no page of this run: {error}"), file=sys.stderr)
