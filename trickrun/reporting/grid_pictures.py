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
from trickrun.reporting.svg import COLORS, SOFT, document, plain, styled
from trickrun.search.space import Space, place_of

MAP = "viridis"

ALONG_AXIS = 45
"""Characters that all choices of a parameter share along its axis."""


def pictures(result: dict[str, Any]) -> dict[str, str]:
    """Return file names and SVG documents for a search's result; none if no trial finished."""
    space = {path: Range.model_validate(values) for path, values in result["space"].items()}
    rows = [row for row in result["trials"] if row["status"] == "finished"]
    if not rows:
        return {}
    with styled():
        drawn = {"scatter.svg": scatter(space, rows, result["metric"])}
        # The picture of one parameter's axis would say what the points say.
        if len(space) > 1:
            drawn["parallel.svg"] = parallel(space, rows, result["metric"])
        return drawn


def scatter(space: Space, rows: Sequence[dict[str, Any]], metric: str) -> str:
    """Return the metric of each trial against each parameter, the best trial marked."""
    columns = min(len(space), 3)
    lines = -(-len(space) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.9 * lines), layout="constrained")
    values = [row["metric"] for row in rows]
    for index, (path, values_of) in enumerate(space.items(), 1):
        axes = figure.add_subplot(lines, columns, index)
        xs = [position(values_of, row["params"][path]) for row in rows]
        axes.scatter(xs, values, s=22, color=COLORS[0], alpha=0.75, linewidths=0)
        axes.scatter(xs[:1], values[:1], s=70, facecolors="none", edgecolors=COLORS[1])
        set_parameter_axis(axes, path, values_of)
        axes.set_ylabel(plain(metric))
        if wide(values):
            axes.set_yscale("log")
    return document(figure)


def set_parameter_axis(axes: Axes, path: str, values: Range) -> None:
    """Label the x axis of one parameter; choices get their values as ticks."""
    axes.set_xlabel(plain(path))
    if values.log is not None:
        axes.set_xscale("log")
    elif values.choice is not None:
        most = max(ALONG_AXIS // len(values.choice), 4)
        axes.set_xticks(range(len(values.choice)), [short(v, most) for v in values.choice])


def position(values: Range, value: Any) -> float:
    """Return where a value is drawn: itself, or a choice's index."""
    return values.choice.index(value) if values.choice is not None else value


def parallel(space: Space, rows: Sequence[dict[str, Any]], metric: str) -> str:
    """Return one line a trial through its place on each parameter's axis, colored by the metric."""
    figure = Figure(figsize=(max(1.9 * (len(space) + 1), 5.0), 3.6), layout="constrained")
    axes = figure.add_subplot()
    values = np.array([row["metric"] for row in rows], dtype=float)
    norm = (LogNorm if wide(values.tolist()) else Normalize)(values.min(), values.max() + 1e-12)
    colors = mpl.colormaps[MAP]
    for row in reversed(rows):  # the best is drawn last, on top
        places = [place_of(values_of, row["params"][path]) for path, values_of in space.items()]
        color = colors(float(norm(row["metric"])))
        axes.plot([*range(len(space)), len(space)], [*places, float(norm(row["metric"]))],
                  color=color, linewidth=1.3, alpha=0.8)  # fmt: skip
    axes.set_xticks(range(len(space) + 1), [plain(name) for name in (*space, metric)])
    axes.set_yticks([])
    axes.grid(visible=False)
    for index, values_of in enumerate([*space.values()]):
        low, high = ends(values_of)
        axes.axvline(index, color=SOFT, linewidth=0.8)
        axes.annotate(low, (index, 0.0), xytext=(3, -3), textcoords="offset points", color=SOFT)
        axes.annotate(high, (index, 1.0), xytext=(3, 3), textcoords="offset points", color=SOFT)
    axes.axvline(len(space), color=SOFT, linewidth=0.8)
    figure.colorbar(mpl.cm.ScalarMappable(norm, MAP), ax=axes, label=plain(metric))
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
