"""Pictures of the signal: histograms of the layers side by side, and how they learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trickrun.findings.verdict import Verdict
from trickrun.reporting.line_plot import draw
from trickrun.reporting.panels import COLORS, Line, Panel, evenly
from trickrun.reporting.svg import document, make_logarithmic, plain, styled

COLUMNS = 8
"""Layers side by side; of more, some at even distances, the first and the last among them."""

BEFORE, AFTER = 0, 1
"""Colors (see svg.COLORS) of what is measured before and after the steps."""

TITLE = 24
"""Characters of a layer's name that have room."""


def pictures(verdict: Verdict) -> dict[str, str]:
    """Return file names and SVG documents."""
    layers = evenly(verdict.series["signal"]["layers"], COLUMNS)
    found = {"histograms.svg": histograms(layers), "depth.svg": depth(verdict)}
    panels = update_panels(verdict)
    return {**found, "updates.svg": draw(panels, columns=2)} if panels else found


def histograms(layers: Sequence[dict[str, Any]]) -> str:
    """Return what leaves each layer, before training above and after it below.

    Hidden layers share an axis, so that a signal that shrinks or saturates through depth shows.
    """
    with styled():
        figure = Figure(figsize=(1.75 * len(layers) + 0.5, 3.6), layout="constrained")
        grid = figure.subplots(2, len(layers), squeeze=False)
        for line, color, place in zip(grid, (BEFORE, AFTER), (0, -1), strict=True):
            shown = [layer["moments"][place] for layer in layers]
            hidden = [m["histogram"] for m, of in zip(shown, layers, strict=True) if not of["head"]]
            for axes, moment, layer in zip(line, shown, layers, strict=True):
                draw_histogram(axes, moment["histogram"], COLORS[color])
                axes.set_xlabel(f"std {moment['std']:.3g}", fontsize=8)
                if not layer["head"]:
                    low, high = min(h["low"] for h in hidden), max(h["high"] for h in hidden)
                    room = 0.03 * (high - low)
                    axes.set_xlim(low - room, high + room)
        for axes, layer in zip(grid[0], layers, strict=True):
            axes.set_title(plain(layer["name"], TITLE), fontsize=9)
        grid[0, 0].set_ylabel("before training")
        grid[1, 0].set_ylabel(f"after {layers[0]['moments'][-1]['step']} steps")
        return document(figure)


def draw_histogram(axes: Axes, histogram: dict[str, Any], color: str) -> None:
    """Draw one histogram; a peak far above the rest, as ReLU has at 0, is cut off."""
    counts = np.array(histogram["counts"], dtype=float)
    edges = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    # With an edge, a collapsed layer stays visible on the others' axis.
    axes.stairs(counts, edges, fill=True, facecolor=color, edgecolor=color, linewidth=0.6)
    axes.set_ylim(bottom=0)
    peaks = np.sort(counts)[::-1]
    if peaks[1] > 0 and peaks[0] > 3 * peaks[1]:
        axes.set_ylim(top=3 * peaks[1])
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=3)
    axes.tick_params(labelsize=7.5)
    axes.grid(visible=False)


def depth(verdict: Verdict) -> str:
    """Return deviation, gradient, and dead and saturated units from the first layer to the last."""
    layers = verdict.series["signal"]["layers"]
    with styled():
        figure = Figure(figsize=(11.4, 3.4), layout="constrained")
        spread, gradient, units = figure.subplots(1, 3)
        for moment, color, when in ((0, BEFORE, "before"), (-1, AFTER, "after")):
            rows = [layer["moments"][moment] for layer in layers]
            places = range(1, len(rows) + 1)
            style = {"color": COLORS[color], "marker": "o", "markersize": 3.5}
            pre, post = [r["pre_std"] for r in rows], [r["std"] for r in rows]
            spread.plot(places, pre, label=f"inputs of the activation, {when}", **style)
            spread.plot(
                places, post, label=f"outputs of the activation, {when}", linestyle=":", **style
            )
            rms = [r["gradient_rms"] for r in rows]
            gradient.plot(places, rms, label=when, **style)
            units.plot(places, [r["dead_fraction"] for r in rows], label=f"dead, {when}", **style)
            full = [r["saturated_fraction"] for r in rows]
            units.plot(places, full, label=f"saturated, {when}", linestyle=":", **style)
        finish(spread, "Standard deviation", layers, "log")
        finish(gradient, "Gradient of the weights (root mean square)", layers, "log")
        finish(units, "Share of units", layers, "linear")
        units.set_ylim(-0.03, 1.03)
        return document(figure)


def finish(axes: Axes, title: str, layers: Sequence[dict[str, Any]], scale: str) -> None:
    """Name the layers along the axis."""
    axes.set_title(title)
    if scale == "log":
        make_logarithmic(axes, "y")
    named = evenly(range(len(layers)), COLUMNS)
    names = [plain(layers[i]["name"], TITLE) for i in named]
    axes.set_xticks([i + 1 for i in named], names, rotation=30, ha="right")
    axes.legend(fontsize=7.5)


def update_panels(verdict: Verdict) -> list[Panel]:
    """Return update over weights, effective learning rate and drift of inputs, over the steps."""
    layers = evenly(verdict.series["signal"]["layers"], len(COLORS))
    found = [
        Panel("Update over weights", "step", "ratio", over_steps(layers, "ratio"), log_y=True),
        Panel(
            "Effective learning rate",
            "step",
            "update over gradient",
            over_steps(layers, "effective_lr"),
            log_y=True,
        ),
    ]
    drifts = [
        Line(layer["name"], [m["step"] for m in known], [m["drift"] for m in known])
        for layer in layers
        if (known := [m for m in layer["moments"] if m["drift"] is not None])
    ]
    found.append(Panel("Drift of the layers' inputs", "step", "deviations", drifts))
    return [panel for panel in found if any(len(line.x) > 1 for line in panel.lines)]


def over_steps(layers: Sequence[dict[str, Any]], key: str) -> list[Line]:
    """Return one line a layer."""
    lines = []
    for layer in layers:
        known = [u for u in layer["updates"] if u[key]]
        lines.append(Line(layer["name"], [u["step"] for u in known], [u[key] for u in known]))
    return lines
