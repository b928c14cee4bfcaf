"""A check's verdict and its findings in the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from trickrun.findings.evidence.program import named_line
from trickrun.findings.finding import Finding
from trickrun.findings.stories import Story, stories
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import Text, number, print_table, say, terminal
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.findings.verdict import Verdict

STYLES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
EDIT = "  edit: "
"""How a line begins that is to be copied into a command."""

MARKS = {"error": "✗", "warning": "!", "info": "·"}


def print_verdict(verdict: Verdict) -> None:
    """Print the verdict's sentence and the findings as stories."""
    console = terminal()
    told = Text.assemble((verdict.verdict.upper(), STYLES[verdict.verdict]), " ", verdict.summary)
    say(console, told)
    print_stories(console, stories(verdict.findings))


def print_stories(console: Console, told: Iterable[Story], known: Collection[Finding] = ()) -> None:
    """Print stories: each cause with its reason and its edit, and what it explains.

    Args:
        known: findings whose reason has been told already.
    """
    places = {(finding.code, finding.where) for finding in known}
    for story in told:
        for text, style in story_lines(story, (story.cause.code, story.cause.where) in places):
            if text.startswith(EDIT):
                console.print(Text(text, style), soft_wrap=True)
            else:
                say(console, Text(text, style))


def story_lines(story: Story, known: bool = False) -> Iterator[tuple[str, str]]:
    """Yield a story's lines, each with its style.

    Args:
        known: whether the cause's reason has been told already.
    """
    cause = story.cause
    yield headline(cause), "bold"
    yield f"  {'This is the fault named above.' if known else in_line(cause.why)}", ""
    for path, value in (story.edit or {}).items():
        yield f"{EDIT}{typed({path: value})}", "cyan"
    if (at := cause.location) is not None:
        yield f"  {named_line(at['file'], at['line'])}: {at['advice']}", "cyan"
    if cause.confirmed is not None:
        before, after = (number(cause.confirmed[when]) for when in ("before", "after"))
        yield f"  tried: {before} before, {after} after", "green"
    for symptom in story.symptoms:
        where, why = in_line(symptom.where), in_line(symptom.why)
        yield f"  explains {symptom.code} {symptom.name} ({where}): {why}", "dim"


def headline(finding: Finding) -> str:
    """Return a finding in a few words: mark, code, name and place."""
    where = in_line(finding.where)
    return f"{MARKS[finding.severity]} {finding.code} {finding.name} ({where})"


def say_edits(console: Console, head: str, edits: Sequence[str], style: str = "") -> None:
    """Print edits as a command line takes them: after ``head`` in one line, or, where the terminal
    is too narrow for that, each in a line of its own."""
    whole = f"{head}{' '.join(edits)}"
    if not console.is_terminal or cell_len(whole) <= console.width:
        console.print(Text(whole, style), soft_wrap=True)
        return
    depth = len(head) - len(head.lstrip()) + 2
    console.print(Text(head.rstrip(), style))
    for edit in edits:
        console.print(Text(" " * depth + edit, style), soft_wrap=True)


def print_rows(rows: Iterable[tuple[str, ...]]) -> None:
    """Print measurements: a name, a value and perhaps a remark in each row."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    print_table(terminal(), table)
