"""The terminal that reports print to."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 1000
"""Nobody reads a pipe in columns: a table there is as wide as it needs to be."""


class Terminal(Console):
    """A rich console that leaves the end of a pipe to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise what print would; rich itself would exit with the code of a failed check."""
        raise BrokenPipeError


def terminal() -> Console:
    """Return the console on the current stdout: colours only on a terminal without NO_COLOR."""
    shown = Terminal(highlight=False)
    return shown if shown.is_terminal else Terminal(highlight=False, width=PIPE_WIDTH)


def print_table(console: Console, table: Table) -> None:
    """Print a table; in a pipe without the spaces that fill its last column."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.out(line.rstrip())
