"""What `initial-loss`, `overfit-batch` and `lr-find` measured, in the terminal and as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from trickrun.findings.verdict import Verdict
from trickrun.reporting.console import Text, number, print_table, terminal
from trickrun.reporting.figures import (
    initial_loss_rows,
    lr_find_rows,
    overfit_batch_rows,
)
from trickrun.reporting.line_plot import draw
from trickrun.reporting.panels import Line, Marker, Panel
from trickrun.reporting.terminal_plot import Series, plot
from trickrun.reporting.verdict import print_rows


def print_initial_loss(verdict: Verdict) -> None:
    """Print the measured losses beside the expected ones."""
    print_rows(initial_loss_rows(verdict.result))


def print_overfit_batch(verdict: Verdict) -> None:
    """Print what the batch's loss started from, reached and could reach, and what was tried."""
    result = verdict.result
    print_rows(overfit_batch_rows(result))
    if result["tried"]:
        print_table(terminal(), tried(result["tried"], result["fitted"]), ("steps", "accuracy"))


def tried(arms: list[dict[str, Any]], fitted: bool) -> Table:
    """Return the table of the further trainings."""
    title = "put back alone" if fitted else "replaced alone"
    table = Table(title, "loss", "accuracy", "steps", "", box=None, header_style="bold")
    for arm in arms:
        right = "" if arm["accuracy"] is None else f"{arm['accuracy']:.1%}"
        mark = Text("✓ fits", "green") if arm["fitted"] else Text("✗", "red")
        table.add_row(arm["name"], number(arm["loss"]), right, str(arm["steps"]), mark)
    return table


WIDTH = 80
"""Characters of the plot, on a wider terminal and in a pipe."""


def print_lr_find(verdict: Verdict, whose: str = "the recipe's") -> None:
    """Print the curve and every pick beside the suggestion.

    Args:
        whose: learning rate it is that there is now.
    """
    result = verdict.result
    curve = result["curve"]
    if curve:
        lrs = [point["lr"] for point in curve]
        smoothed = [point["smoothed"] for point in curve]
        series = [Series(seeds_line(result), lrs, smoothed)]
        width = min(terminal().width, WIDTH)
        print(plot(series, "range test", "learning rate", "loss", log_x=True, width=width))
    print_rows(lr_find_rows(result, whose))


def seeds_line(result: dict[str, Any]) -> str:
    """Return what the line is, for the legend."""
    seeds = result["seeds"]
    return "smoothed loss" + (f", mean of {seeds} seeds" if seeds > 1 else "")


def pictures(verdict: Verdict) -> dict[str, str]:
    """Return the picture of the test by its file name."""
    result, seeds = verdict.result, verdict.series["per_seed"]
    lines = [Line("", one["lrs"], one["losses"], faint=True, color=5) for one in seeds]
    lines += [Line("", one["lrs"], one["smoothed"], faint=True, color=0) for one in seeds]
    curve = result["curve"]
    lrs = [point["lr"] for point in curve]
    mean = [point["smoothed"] for point in curve]
    lines.append(Line(seeds_line(result), lrs, mean, color=0))
    panel = Panel(
        title="Learning rate range test",
        x_label="learning rate",
        y_label="loss",
        lines=lines,
        markers=markers(result),
        log_x=True,
        top=top(mean, [one["smoothed"] for one in seeds]),
    )
    return {"lr_find.svg": draw([panel])}


def top(mean: Sequence[float], per_seed: Sequence[Sequence[float]]) -> float | None:
    """Return where the loss axis ends: above the mean and what each seed begins with, but not as
    high as one that diverges."""
    highest = max([*mean, *(losses[0] for losses in per_seed if losses)], default=0.0)
    return highest * 1.1 if highest > 0 else None


def markers(result: dict[str, Any]) -> list[Marker]:
    """Return the lines at the recipe's lr and, if there is one, at the suggestion."""
    marked = [Marker(f"the recipe's lr, {result['lr']:g}", result["lr"])]
    suggestion = result["suggestion"]
    if suggestion is not None:
        name = f"suggestion, {suggestion:g}"
        marked.append(Marker(name, suggestion, result["low"], result["high"], main=True))
    return marked
