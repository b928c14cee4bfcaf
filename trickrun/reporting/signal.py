"""What `signal` measured, in the terminal: a row a layer, with its histogram before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.reporting.console import number, terminal
from trickrun.reporting.panels import evenly
from trickrun.reporting.signal_pictures import update_panels
from trickrun.reporting.terminal_plot import in_terminal

BARS = " ▁▂▃▄▅▆▇█"
CELLS = 10

WIDEST, PIPED = 150, 80
"""Characters of a line of plots, on a terminal (at most) and in a pipe."""

SHOWN = 24
"""Layers in the table; of more, some at even distances."""


def print_signal(verdict: Verdict) -> None:
    """Print a row a layer, and the plots of updates and effective learning rates."""
    layers = verdict.series["signal"]["layers"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("layer", "then"):
        table.add_column(heading)
    for heading in ("std in", "std out", "dead", "sat.", "gradient", "update"):
        table.add_column(heading, justify="right")
    table.add_column("before", no_wrap=True)
    table.add_column("after", no_wrap=True)
    for layer in evenly(layers, SHOWN):
        table.add_row(*row(layer))
    console = terminal()
    console.print(table)
    steps = verdict.result["steps"]
    print(
        f"after {counted(steps, 'step')}; gradient: 2-norm; update: log10 of change over weights; "
        "histograms of the layer's outputs, before and after"
    )
    panels = update_panels(verdict)
    if panels:
        width = min(console.width, WIDEST) if console.is_terminal else PIPED
        print(in_terminal(panels, width, height=8))


def row(layer: dict[str, Any]) -> list[str]:
    """Return a layer's cells."""
    first, last = layer["moments"][0], layer["moments"][-1]
    ratios = [u["ratio"] for u in layer["updates"] if u["ratio"]]
    update = f"{math.log10(ratios[-1]):.1f}" if ratios else "-"
    return [
        layer["name"],
        layer["activation"] or "-",
        number(last["pre_std"]),
        number(last["std"]),
        f"{last['dead_fraction']:.0%}",
        f"{last['saturated_fraction']:.0%}",
        number(last["gradient_norm"]),
        update if layer["trainable"] else "frozen",
        bars(first["histogram"]),
        bars(last["histogram"]),
    ]


def bars(histogram: dict[str, Any]) -> str:
    """Return a histogram as a row of bars between its ends; heights by the root of the counts."""
    counts: Sequence[int] = histogram["counts"]
    each = len(counts) // CELLS
    heights = [math.sqrt(sum(counts[i * each : (i + 1) * each])) for i in range(CELLS)]
    highest = max(heights) or 1.0
    drawn = "".join(BARS[math.ceil(h / highest * (len(BARS) - 1))] for h in heights)
    return f"{histogram['low']:.2g} {drawn} {histogram['high']:.2g}"
