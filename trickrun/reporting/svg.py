"""What matplotlib draws as SVG files, without pyplot's state: searches, layers, gradient checks.

Line plots are drawn by ``line_plot``.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, Locator, NullFormatter

from trickrun.reporting.line_plot import INK, SOFT, round_values, tick_label
from trickrun.reporting.visible import visible
from trickrun.training.spans import timed

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
    with timed("drawing"), mpl.rc_context(STYLE), warnings.catch_warnings():
        for message in UNIMPORTANT:
            warnings.filterwarnings("ignore", message)
        yield


def plain(text: str, most: int = 40) -> str:
    """Return a name as matplotlib shows it as it stands: a dollar sign begins no formula.

    What is longer than ``most`` characters is cut, as it would leave the axes no room.
    """
    shown = visible(text)
    cut = shown if len(shown) <= most else shown[: most - 1] + "…"
    return cut.replace("$", r"\$")


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


class RoundValues(Locator):
    """The ticks of a logarithmic axis: few enough that their labels stand apart."""

    def __call__(self) -> Sequence[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return those of a line plot."""
        return round_values(vmin, vmax)


def make_logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Give an axis a logarithmic scale with plain numbers."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(RoundValues())
    axis.set_major_formatter(FuncFormatter(lambda value, _place=None: tick_label(value)))
    axis.set_minor_formatter(NullFormatter())
