"""One panel of a picture, drawn in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from trickrun.reporting.svg import Panel
from trickrun.reporting.terminal_plot import Series, plot

SIDE_BY_SIDE = 110
"""Characters from which on two panels stand beside each other."""


def in_terminal(panels: Sequence[Panel], width: int, height: int = 12) -> str:
    """Return the panels as text: one below the other, or in two columns where there is room.

    Faint lines and markers are left out.
    """
    columns = 2 if width >= SIDE_BY_SIDE and len(panels) > 1 else 1
    each = (width - 3 * (columns - 1)) // columns
    plots = [as_text(panel, each, height) for panel in panels]
    rows = (plots[i : i + columns] for i in range(0, len(plots), columns))
    return "\n\n".join(beside(row, each) for row in rows)


def as_text(panel: Panel, width: int, height: int) -> str:
    """Return one panel as text."""
    lines = [line for line in panel.lines if not line.faint] or list(panel.lines)
    series = [Series(line.name or panel.y_label, line.x, line.y) for line in lines]
    return plot(
        series,
        panel.title,
        panel.x_label,
        panel.y_label,
        log_x=panel.log_x,
        log_y=panel.log_y,
        width=width,
        height=height,
    )


def beside(blocks: Sequence[str], width: int) -> str:
    """Return blocks of text side by side, each ``width`` characters wide."""
    split = [block.splitlines() for block in blocks]
    tallest = max(len(lines) for lines in split)
    rows = zip(*(lines + [""] * (tallest - len(lines)) for lines in split), strict=True)
    return "\n".join("   ".join(line.ljust(width) for line in row).rstrip() for row in rows)
