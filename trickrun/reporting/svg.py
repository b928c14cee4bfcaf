"""Line plots as SVG files: bands, logarithmic axes and marker lines, without pyplot's state."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from trickrun.reporting.visible import visible

COLORS = ("#2563a8", "#d1622b", "#2f855a", "#8a4fa3", "#b0892a", "#51606f")
"""A line's color by its place; distinguishable with the usual color-vision deficiencies."""

INK, SOFT = "#1f2933", "#7b8794"

STYLE: dict[Any, Any] = {
    # Text stays text: small files, and searchable in the report.
    "svg.fonttype": "none",
    # Without a fixed salt the same picture would be another file each time.
    "svg.hashsalt": "trickrun",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9,
    "text.color": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7eb",
    "grid.linewidth": 0.7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


UNIMPORTANT = ("Glyph .* missing from", "constrained_layout not applied")
"""What matplotlib warns of that changes no more than how wide it takes a text to be: names may be
in any script, and as long as they like."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this project's style."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        for message in UNIMPORTANT:
            warnings.filterwarnings("ignore", message)
        yield


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Args:
        name: in the legend; empty leaves it out.
        x, y: the points, of equal length; those that are not finite leave a gap.
        low, high: the edges of a shaded band around the line, each as long as ``x``.
        faint: thin and pale: what another line sums up (raw losses, single seeds).
        color: index into COLORS; by default the line's place in the panel.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    faint: bool = False
    color: int | None = None


@dataclass(frozen=True)
class Marker:
    """A vertical line at ``x``, dashed if it is not the ``main`` one, with a band if given.

    Args:
        name: in the legend; empty leaves it out.
        low, high: the edges of a shaded band around it.
    """

    name: str
    x: float
    low: float | None = None
    high: float | None = None
    main: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Args:
        log_x, log_y: whether the axis is logarithmic; values <= 0 are not drawn on one.
        top: upper end of the y axis, so that a diverging line does not flatten the rest.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    markers: Sequence[Marker] = ()
    log_x: bool = False
    log_y: bool = False
    top: float | None = None


def plain(text: str, most: int = 40) -> str:
    """Return a name as matplotlib shows it as it stands: a dollar sign begins no formula.

    What is longer than ``most`` characters is cut, as it would leave the axes no room.
    """
    shown = visible(text)
    cut = shown if len(shown) <= most else shown[: most - 1] + "…"
    return cut.replace("$", r"\$")


def draw(panels: Sequence[Panel], columns: int = 1, size: tuple[float, float] = (6.4, 3.6)) -> str:
    """Return the panels as one SVG document.

    Args:
        columns: panels side by side.
        size: width and height of one panel in inches.
    """
    rows = math.ceil(len(panels) / columns)
    with styled():
        figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
        for index, panel in enumerate(panels, 1):
            draw_panel(figure.add_subplot(rows, columns, index), panel)
        return document(figure)


def document(figure: Figure) -> str:
    """Return a figure as an SVG document that is the same for the same data.

    XML has no control characters: those in names are shown by their codes.
    """
    for text in figure.findobj(Text):
        text.set_text(visible(text.get_text()))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    # The labels of ticks are made only now.
    return visible(buffer.getvalue())


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw one panel: its lines in their order, then the markers."""
    texts = [
        axes.set_title(panel.title, loc="left"),
        axes.set_xlabel(panel.x_label),
        axes.set_ylabel(panel.y_label),
    ]
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    for index, line in enumerate(panel.lines):
        draw_line(axes, line, COLORS[(index if line.color is None else line.color) % len(COLORS)])
    set_heights(axes, panel)
    for marker in panel.markers:
        draw_marker(axes, marker)
    if axes.get_legend_handles_labels()[1]:
        texts += axes.legend(loc="best").get_texts()
    for text in texts:
        # A name may hold a dollar sign, which is no formula.
        text.set_parse_math(False)


def set_heights(axes: Axes, panel: Panel) -> None:
    """Let the y axis end at the panel's top, and begin no lower than values can be: what is drawn
    is nowhere below 0, as losses are, or the axis goes below 0."""
    if panel.top is not None:
        axes.set_ylim(top=panel.top)
    if panel.log_y:
        return
    values = [y for line in panel.lines for y in drawable(line.y) if np.isfinite(y)]
    if not values:
        return
    low, (bottom, top) = min(values), axes.get_ylim()
    room = 0.04 * (top - low)
    if low >= 0 > bottom or bottom < low - 2 * room:
        axes.set_ylim(bottom=max(low - room, 0.0) if low >= 0 else low - room)


def draw_line(axes: Axes, line: Line, color: str) -> None:
    """Draw one line and its band."""
    x, y = drawable(line.x), drawable(line.y)
    if line.low is not None and line.high is not None:
        axes.fill_between(
            x, drawable(line.low), drawable(line.high), color=color, alpha=0.18, linewidth=0
        )
    width, alpha = (0.8, 0.35) if line.faint else (1.8, 1.0)
    # matplotlib leaves labels that begin with an underscore out of the legend.
    axes.plot(x, y, color=color, linewidth=width, alpha=alpha, label=line.name or "_")


def draw_marker(axes: Axes, marker: Marker) -> None:
    """Draw one vertical line and its band."""
    color = COLORS[1] if marker.main else SOFT
    if marker.low is not None and marker.high is not None:
        axes.axvspan(marker.low, marker.high, color=color, alpha=0.15, linewidth=0)
    style = "-" if marker.main else (0, (4, 3))
    width = 1.6 if marker.main else 1.0
    axes.axvline(marker.x, color=color, linestyle=style, linewidth=width, label=marker.name or "_")


def drawable(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return values as an array in which what cannot be drawn is NaN, a gap."""
    array = np.asarray(values, dtype=np.float64)
    # Beyond it matplotlib's own arithmetic overflows.
    return np.where(np.abs(array) < 1e100, array, np.nan)
