"""The terminal that reports print to, and numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text as RichText

from trickrun.reporting.visible import visible

LEAST_ROOM = 20
"""Characters of a line of text, however narrow a terminal is."""

PIPE_WIDTH = 1000
"""Nobody reads a pipe in columns: a table there is as wide as it needs to be."""


class Text(RichText):
    """A piece of text in one style, which may hold names from data and files.

    rich itself drops some control characters; here they are shown before it can.
    """

    def __init__(self, text: str = "", style: str | Style = "", **options: Any) -> None:
        super().__init__(visible(text), style, **options)


class Terminal(Console):
    """A rich console for text that holds names from data and files.

    They are shown as they are: no markup and no emoji codes in them mean anything, and nothing in
    them acts on the terminal. The end of a pipe is left to the command line.
    """

    def __init__(self, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(highlight=False, emoji=False, stderr=stderr, width=width)

    def on_broken_pipe(self) -> None:
        """Raise what print would; rich itself would exit with the code of a failed check."""
        raise BrokenPipeError

    def render_str(self, text: str, **options: Any) -> RichText:
        """Make a plain string safe before it is measured, so that a table's columns fit it."""
        # What is around it may ask for markup, whatever the console is told.
        return super().render_str(visible(text), **options | {"markup": False, "emoji": False})

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        """Make all text safe; rich's own codes stand in segments that are marked as such."""
        return super()._render_buffer(
            segment if segment.control else segment._replace(text=visible(segment.text))
            for segment in buffer
        )


def terminal(stderr: bool = False) -> Terminal:
    """Return the console on the current stdout: colours only on a terminal without NO_COLOR."""
    shown = Terminal(stderr)
    return shown if shown.is_terminal else Terminal(stderr, PIPE_WIDTH)


def say(console: Console, text: RichText | str) -> None:
    """Print a sentence: on a terminal broken between words, its further lines as deep as its first;
    in a pipe as one line. A command is not broken: it would not be one any more when copied."""
    if not console.is_terminal:
        console.print(text, soft_wrap=True)
        return
    whole = text if isinstance(text, RichText) else Text(text)
    plain = whole.plain
    depth = len(plain) - len(plain.lstrip())
    room = max(console.width - depth, LEAST_ROOM)
    for part in whole[depth:].wrap(console, room):
        part.rstrip()
        console.print(Text(" " * depth).append_text(part), soft_wrap=True)


def print_table(console: Console, table: Table, least: Sequence[str] = ()) -> list[str]:
    """Print a table; in a pipe without the spaces that fill its last column.

    Args:
        least: the names of columns that are left out where the terminal is too narrow for all, the
            least important first.

    Returns the names of those that were left out.
    """
    if console.is_terminal:
        left_out = leave_out(console, table, least)
        console.print(table)
        return left_out
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.out(line.rstrip())
    return []


def leave_out(console: Console, table: Table, least: Sequence[str]) -> list[str]:
    """Take columns out of a table until it fits; return their names."""
    left_out: list[str] = []
    for name in least:
        if natural_width(console, table) <= console.width:
            break
        table.columns = [column for column in table.columns if column.header != name]
        left_out.append(name)
    return left_out


def natural_width(console: Console, table: Table) -> int:
    """Return the width that a table has where there is room."""
    return console.measure(table, options=console.options.update(max_width=PIPE_WIDTH)).maximum


def number(value: float | None) -> str:
    """Return a measured value with about five digits: 0.0312, 15.74, 2903.1, 1.2e-06."""
    if value is None or not math.isfinite(value):
        return "-" if value is None else str(value)
    magnitude = abs(value)
    if value != 0 and not 0.001 <= magnitude < 1e6:
        return f"{value:.4g}"
    return f"{value:.{4 if magnitude < 10 else 2 if magnitude < 1000 else 1}f}"


def size(count: float) -> str:
    """Return a number of bytes: 512 B, 1.5 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def seconds(length: float) -> str:
    """Return a length of time with two digits where it is short: 0.041 s, 7.5 s, 3 min 5 s."""
    return f"{length:.2g} s" if length < 10 else duration(length)


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: 48 s, 3 min 5 s, 2 h 10 min, 5 d 1 h."""
    whole = max(0, round(seconds))
    for name, length, part, fraction in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            rest = whole % length // fraction
            return f"{whole // length} {name}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"
