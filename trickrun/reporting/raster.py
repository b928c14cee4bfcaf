"""Line plots as PNG files, for trackers and programs that show no SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trickrun.reporting.line_plot import LARGEST, SOFT
from trickrun.reporting.panels import COLORS, SIZE, Line, Panel
from trickrun.reporting.svg import make_logarithmic, plain, styled

DPI = 150
"""Dots an inch."""

LEGEND_LINE = 0.17
"""Inches of a line of a legend."""

DASHED = (0, (4, 3))


def png(panels: Sequence[Panel], columns: int = 1) -> bytes:
    """Return the panels as one PNG file.

    Args:
        columns: panels side by side.
    """
    rows = math.ceil(len(panels) / columns)
    names = max((sum(bool(one.name) for one in panel.lines) for panel in panels), default=0)
    height = SIZE[1] + LEGEND_LINE * names
    with styled():
        figure = Figure(figsize=(SIZE[0] * columns, height * rows), layout="constrained")
        for index, panel in enumerate(panels, 1):
            draw_panel(figure.add_subplot(rows, columns, index), panel)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw one panel: its lines in their order, then the markers."""
    axes.set_title(plain(panel.title), loc="left")
    axes.set_xlabel(plain(panel.x_label))
    axes.set_ylabel(plain(panel.y_label))
    if panel.log_x:
        make_logarithmic(axes, "x")
    if panel.log_y:
        make_logarithmic(axes, "y")
    for index, line in enumerate(panel.lines):
        draw_line(axes, line, COLORS[(index if line.color is None else line.color) % len(COLORS)])
    if panel.top is not None:
        axes.set_ylim(top=panel.top)
    for marker in panel.markers:
        color = COLORS[1] if marker.main else SOFT
        if marker.low is not None and marker.high is not None:
            axes.axvspan(marker.low, marker.high, color=color, alpha=0.15, linewidth=0)
        axes.axvline(marker.x, color=color, linestyle="-" if marker.main else DASHED,
                     linewidth=1.6 if marker.main else 1.0, label=label(marker.name))  # fmt: skip
    if axes.get_legend_handles_labels()[1]:
        # Below the axes it covers no line.
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2))


def draw_line(axes: Axes, line: Line, color: str) -> None:
    """Draw one line, or its dots, and its band."""
    x, y = drawable(line.x), drawable(line.y)
    if line.low is not None and line.high is not None:
        low, high = drawable(line.low), drawable(line.high)
        axes.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)
    if line.level:
        axes.plot(x, y, color=SOFT, linewidth=1.2, linestyle=DASHED, label=label(line.name))
    else:
        width, alpha = (0.8, 0.35) if line.faint else (1.8, 1.0)
        style, marker = ("none", "o") if line.dots else ("-", "")
        axes.plot(x, y, color=color, linewidth=width, alpha=alpha, linestyle=style, marker=marker,
                  markersize=3, label=label(line.name))  # fmt: skip


def label(name: str) -> str:
    """Return a name in a legend; matplotlib leaves out one that begins with an underscore."""
    return plain(name) if name else "_"


def drawable(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return values as an array in which what cannot be drawn is NaN, a gap."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(array) < LARGEST, array, np.nan)
