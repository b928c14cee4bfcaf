"""Pictures of comparisons: the arms' curves over each other, and what each trick contributes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trickrun.reporting.line_plot import SOFT, draw
from trickrun.reporting.panels import COLORS, Line, Panel

HELPS, HARMS, UNSURE = COLORS[2], COLORS[1], "#7b8794"
"""Colors of a trick by what is said of it."""

MOST_ARMS = 6
"""Arms whose curves are drawn; more have no color of their own."""

INCHES_A_ROW, INCHES_AROUND = 0.3, 1.0


def pictures(command: str, result: Mapping[str, Any]) -> dict[str, str]:
    """Return file names and SVG documents of ``compare``, ``seeds`` or ``ablate``."""
    if command == "ablate":
        shown = [row for row in result["tricks"] if row["contribution"]["mean"] is not None]
        return {"ablation.svg": contributions(shown, result)} if shown else {}
    panels = [*overlaid(result)]
    return {f"curves-{place}.svg": draw([panel]) for place, panel in enumerate(panels, 1)}


def overlaid(result: Mapping[str, Any]) -> Iterator[Panel]:
    """Yield a panel each for what is judged by and for both losses: the mean of each arm's rounds
    with their range, over epochs."""
    wanted = dict.fromkeys([result["metric"], "val_loss", "train_loss"])
    arms = list(result["evaluations"].items())[:MOST_ARMS]
    for metric in wanted:
        lines = [
            line(name, arm["metrics"][metric], index)
            for index, (name, arm) in enumerate(arms)
            if metric in arm["metrics"]
        ]
        if any(len(one.x) > 1 for one in lines):
            yield Panel(metric, "epoch", metric, lines)


def line(name: str, columns: Mapping[str, Sequence[float | None]], color: int) -> Line:
    """Return the course of an arm's mean with the range of its rounds."""
    x, y, low, high = ([gap(v) for v in columns[key]] for key in ("epoch", "mean", "low", "high"))
    return Line(name, x, y, low, high, color=color)


def gap(value: float | None) -> float:
    """Return a value; where there is none, what leaves a gap."""
    return math.nan if value is None else value


def contributions(rows: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> str:
    """Return the picture of an ablation: each trick's contribution with its interval, the most
    first, as an SVG document. Right of zero is good."""
    from matplotlib.figure import Figure

    from trickrun.reporting.svg import document, plain, styled

    with styled():
        height = INCHES_A_ROW * len(rows) + INCHES_AROUND
        figure = Figure(figsize=(5.6, height), layout="constrained")
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            told = row["contribution"]
            color = {"helps": HELPS, "harms": HARMS}.get(row["verdict"], UNSURE)
            if told["low"] is not None:
                axes.plot([told["low"], told["high"]], [place, place], color=color, linewidth=2)
            full = row["verdict"] in ("helps", "harms")
            axes.plot([told["mean"]], [place], marker="o", color=color, markersize=6,
                      markerfacecolor=color if full else "none")  # fmt: skip
        axes.axvline(0, color=SOFT, linewidth=1)
        names = [plain(f"{'+ ' if row['change'] == 'added' else ''}{row['name']}") for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(plain(f"contribution to {result['metric']} (right is good)", 60))
        return document(figure)
