"""Line plots as SVG files: bands, logarithmic axes and marker lines, without pyplot's state."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, NullFormatter

from trickrun.reporting.panels import COLORS, SIZE, Line, Marker, Panel
from trickrun.reporting.visible import visible
from trickrun.training.spans import timed

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


LEGEND_LINE = 0.17
"""Inches of a line of a legend."""

DPI = 150
"""Dots an inch of a PNG file."""

BESIDE = 24
"""Characters of names that stand beside each other in a legend."""

EVEN = 0.7
"""Decades: a logarithmic axis over fewer has ticks at even distances."""

MOST_POWERS = 5
"""Powers of ten along an axis."""

UNIMPORTANT = ("Glyph .* missing from", "constrained_layout not applied")
"""What matplotlib warns of that changes no more than how wide it takes a text to be: names may be
in any script, and as long as they like."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this project's style."""
    with timed("drawing"), mpl.rc_context(STYLE), warnings.catch_warnings():
        for message in UNIMPORTANT:
            warnings.filterwarnings("ignore", message)
        yield


DASHED = (0, (4, 3))


def plain(text: str, most: int = 40) -> str:
    """Return a name as matplotlib shows it as it stands: a dollar sign begins no formula.

    What is longer than ``most`` characters is cut, as it would leave the axes no room.
    """
    shown = visible(text)
    cut = shown if len(shown) <= most else shown[: most - 1] + "…"
    return cut.replace("$", r"\$")


def draw(panels: Sequence[Panel], columns: int = 1, size: tuple[float, float] = SIZE) -> str:
    """Return the panels as one SVG document.

    Args:
        columns: panels side by side.
        size: width and height of one panel in inches; one with a legend is higher.
    """
    with styled():
        return document(drawn(panels, columns, size))


def png(panels: Sequence[Panel], columns: int = 1, size: tuple[float, float] = SIZE) -> bytes:
    """Return the panels as a PNG file, for what shows no SVG; see ``draw``."""
    with styled():
        figure = drawn(panels, columns, size)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()


def drawn(panels: Sequence[Panel], columns: int, size: tuple[float, float]) -> Figure:
    """Return the panels as a figure; see ``draw``."""
    rows = math.ceil(len(panels) / columns)
    height = size[1] + LEGEND_LINE * max(map(legend_lines, panels), default=0)
    figure = Figure(figsize=(size[0] * columns, height * rows), layout="constrained")
    for index, panel in enumerate(panels, 1):
        draw_panel(figure.add_subplot(rows, columns, index), panel)
    return figure


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
        make_logarithmic(axes, "x")
    if panel.log_y:
        make_logarithmic(axes, "y")
    for index, line in enumerate(panel.lines):
        draw_line(axes, line, COLORS[(index if line.color is None else line.color) % len(COLORS)])
    set_heights(axes, panel)
    for marker in panel.markers:
        draw_marker(axes, marker)
    if axes.get_legend_handles_labels()[1]:
        # Below the axes it covers no line.
        legend = axes.legend(
            loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=legend_columns(panel)
        )
        texts += legend.get_texts()
    for text in texts:
        # A name may hold a dollar sign, which is no formula.
        text.set_parse_math(False)


def legend_names(panel: Panel) -> list[str]:
    """Return what stands in a panel's legend."""
    names = [*(line.name for line in panel.lines), *(marker.name for marker in panel.markers)]
    return [name for name in names if name]


def legend_columns(panel: Panel) -> int:
    """Return how many names stand beside each other in a panel's legend."""
    return 2 if max(map(len, legend_names(panel)), default=0) <= BESIDE else 1


def legend_lines(panel: Panel) -> int:
    """Return the lines of a panel's legend."""
    return math.ceil(len(legend_names(panel)) / legend_columns(panel))


class RoundValues(Locator):
    """The ticks of a logarithmic axis: few enough that their labels stand apart."""

    def __call__(self) -> Sequence[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return powers of ten; over less than two decades 2 and 5 times them too, and over a small
        factor values at even distances."""
        low, high = sorted((vmin, vmax))
        if not 0 < low < high < math.inf:
            return []
        decades = math.log10(high / low)
        if decades < EVEN:
            return [v for v in MaxNLocator(4).tick_values(low, high) if low <= v <= high]
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        step = math.ceil(decades / MOST_POWERS)
        factors = (1, 2, 5) if decades < 2 else (1,)
        values = [
            factor * 10.0**power for power in powers if power % step == 0 for factor in factors
        ]
        return [value for value in values if low <= value <= high]


def make_logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Give an axis a logarithmic scale with plain numbers."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(RoundValues())
    axis.set_major_formatter(FuncFormatter(tick_label))
    axis.set_minor_formatter(NullFormatter())


def tick_label(value: float, place: int | None = None) -> str:
    """Return a tick's label: 0.01, 1e-7."""
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e")


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
    if line.level:
        axes.plot(x, y, color=SOFT, linewidth=1.2, linestyle=DASHED, label=line.name or "_")
    else:
        axes.plot(x, y, color=color, linewidth=width, alpha=alpha, label=line.name or "_")


def draw_marker(axes: Axes, marker: Marker) -> None:
    """Draw one vertical line and its band."""
    color = COLORS[1] if marker.main else SOFT
    if marker.low is not None and marker.high is not None:
        axes.axvspan(marker.low, marker.high, color=color, alpha=0.15, linewidth=0)
    style = "-" if marker.main else DASHED
    width = 1.6 if marker.main else 1.0
    axes.axvline(marker.x, color=color, linestyle=style, linewidth=width, label=marker.name or "_")


def drawable(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return values as an array in which what cannot be drawn is NaN, a gap."""
    array = np.asarray(values, dtype=np.float64)
    # Beyond it matplotlib's own arithmetic overflows.
    return np.where(np.abs(array) < 1e100, array, np.nan)
