"""Pictures of a search: the metric against each parameter, all trials in parallel coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from trickrun.recipe.grid import Range
from trickrun.reporting.line_plot import SOFT, tick_label
from trickrun.reporting.panels import COLORS, MOST_DRAWN, SIZE, evenly
from trickrun.reporting.svg import RoundValues, document, make_logarithmic, plain, styled
from trickrun.search.space import Space, place_of, short_path

MAP = "viridis"

APART = 0.95
"""Inches between two axes of the parallel coordinates."""

ALONG_AXIS = 45
"""Characters that all choices of a parameter share along its axis."""


def pictures(result: dict[str, Any]) -> dict[str, str]:
    """Return file names and SVG documents for a search's result; none if no trial finished."""
    space = {path: Range.model_validate(values) for path, values in result["space"].items()}
    rows = [row for row in result["trials"] if row["status"] == "finished"]
    if not rows:
        return {}
    rows = evenly(rows, MOST_DRAWN)
    with styled():
        drawn = {
            f"scatter-{place}.svg": scatter(path, values, rows, result["metric"])
            for place, (path, values) in enumerate(space.items(), 1)
        }
        # The picture of one parameter's axis would say what the points say.
        if len(space) > 1:
            drawn["parallel.svg"] = parallel(space, rows, result["metric"])
        return drawn


def scatter(path: str, values_of: Range, rows: Sequence[dict[str, Any]], metric: str) -> str:
    """Return the metric of each trial against one parameter, the best trial marked."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    values = [row["metric"] for row in rows]
    xs = [position(values_of, row["params"][path]) for row in rows]
    axes.scatter(xs, values, s=22, color=COLORS[0], alpha=0.75, linewidths=0)
    axes.scatter(xs[:1], values[:1], s=70, facecolors="none", edgecolors=COLORS[1])
    set_parameter_axis(axes, path, values_of)
    axes.set_ylabel(plain(metric))
    if wide(values):
        make_logarithmic(axes, "y")
    return document(figure)


def set_parameter_axis(axes: Axes, path: str, values: Range) -> None:
    """Label the x axis of one parameter; choices get their values as ticks."""
    axes.set_xlabel(plain(path))
    if values.log is not None:
        make_logarithmic(axes, "x")
    elif values.choice is not None:
        most = max(ALONG_AXIS // len(values.choice), 4)
        axes.set_xticks(range(len(values.choice)), [short(v, most) for v in values.choice])


def position(values: Range, value: Any) -> float:
    """Return where a value is drawn: itself, or a choice's index."""
    return values.choice.index(value) if values.choice is not None else value


def parallel(space: Space, rows: Sequence[dict[str, Any]], metric: str) -> str:
    """Return one line a trial through its place on each parameter's axis, colored by the metric."""
    figure = Figure(figsize=(max(APART * (len(space) + 1), SIZE[0]), 3.3), layout="constrained")
    axes = figure.add_subplot()
    values = np.array([row["metric"] for row in rows], dtype=float)
    norm = (LogNorm if wide(values.tolist()) else Normalize)(values.min(), values.max() + 1e-12)
    colors = mpl.colormaps[MAP]
    for row in reversed(rows):  # the best is drawn last, on top
        places = [place_of(values_of, row["params"][path]) for path, values_of in space.items()]
        color = colors(float(norm(row["metric"])))
        axes.plot([*range(len(space)), len(space)], [*places, float(norm(row["metric"]))],
                  color=color, linewidth=1.3, alpha=0.8)  # fmt: skip
    named = [plain(short_path(path)) for path in space] + [plain(metric)]
    # Names stand at a slant: beside each other they would overlap.
    axes.set_xticks(range(len(space) + 1), named, rotation=20, ha="right", rotation_mode="anchor")
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_ylim(-0.12, 1.12)
    for index, values_of in enumerate([*space.values()]):
        axes.axvline(index, color=SOFT, linewidth=0.8)
        for text, place in zip(ends(values_of), (-0.06, 1.06), strict=True):
            axes.annotate(text, (index, place), xytext=(4, 0), textcoords="offset points",
                          va="center", color=SOFT)  # fmt: skip
    axes.axvline(len(space), color=SOFT, linewidth=0.8)
    shown = mpl.cm.ScalarMappable(norm, MAP)
    bar = figure.colorbar(shown, ax=axes, label=plain(metric), pad=0.02)
    if isinstance(norm, LogNorm):
        ticks = RoundValues().tick_values(min(values), max(values))
        bar.set_ticks(ticks, labels=[tick_label(tick) for tick in ticks])
        bar.set_ticks([], minor=True)
    return document(figure)


def ends(values: Range) -> tuple[str, str]:
    """Return the labels of an axis's two ends."""
    bounds = values.choice or values.log or values.uniform or values.int
    assert bounds is not None
    return short(bounds[0]), short(bounds[-1])


def short(value: Any, most: int = 18) -> str:
    """Return a value in a few characters, ``most`` if it is text; a whole section by its kind."""
    if isinstance(value, dict):
        return plain(str(value.get("kind", "...")), most)
    return f"{value:.3g}" if isinstance(value, int | float) else plain(str(value), most)


def wide(values: Sequence[float]) -> bool:
    """Return whether positive values span so much that a logarithmic scale reads better."""
    return min(values) > 0 and max(values) / min(values) > 20
