"""What `initial-loss`, `overfit-batch` and `lr-find` measured, in the terminal and as pictures."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.reporting.console import Text, number, terminal
from trickrun.reporting.svg import Line, Marker, Panel, draw
from trickrun.reporting.terminal_plot import Series, plot
from trickrun.reporting.verdict import print_rows


def print_initial_loss(verdict: Verdict) -> None:
    """Print the measured losses beside the expected ones."""
    result = verdict.result
    losses = [seed["loss"] for seed in result["per_seed"]]
    spread = (
        f"median of {counted(len(losses), 'seed')}, {number(min(losses))} to {number(max(losses))}"
    )
    rows = [
        ("loss before training", number(result["loss"]), spread),
        ("expected", number(result["expected"]), result["formula"]),
        ("normal up to", number(result["expected"] + result["tolerance"]), ""),
        ("a fault above", number(result["limit"]), ""),
        ("with all inputs zero", number(result["zero_input_loss"]), ""),
    ]
    if result["best_constant_loss"] is not None:
        best = number(result["best_constant_loss"])
        rows.append(("best constant answer", best, "what ignoring the input can reach"))
    if result["penalty"]:
        rows.append(("penalty", number(result["penalty"]), "of regularizers, not in the loss"))
    print_rows(rows)


def print_overfit_batch(verdict: Verdict) -> None:
    """Print what the batch's loss started from, reached and could reach, and what was tried."""
    result = verdict.result
    rows = [
        ("batch", counted(result["samples"], "sample"), off(result["disabled"])),
        ("loss before training", number(result["initial_loss"]), ""),
        ("loss reached", number(result["final_loss"]), f"after {counted(result['steps'], 'step')}"),
        ("fitted from", number(result["threshold"]), "95 % of what there is to learn"),
        ("best constant answer", number(result["baseline"]), "what ignoring the input can reach"),
        ("lowest possible", number(result["floor"]), ""),
    ]
    if result["final_accuracy"] is not None:
        best = result["attainable_accuracy"]
        possible = f"of {best:.1%} possible" if best is not None else ""
        rows.append(("accuracy", f"{result['final_accuracy']:.1%}", possible))
    print_rows(rows)
    if result["tried"]:
        terminal().print(tried(result["tried"], result["fitted"]))


def off(disabled: list[str]) -> str:
    """Return what is switched off, in words."""
    return f"without {', '.join(disabled)}" if disabled else ""


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

MEANINGS = {
    "steepest": "where the loss falls fastest",
    "bottom": "where it stops falling",
    "valley": "in the middle of the longest descent",
    "min_over_10": "a tenth of where it is lowest",
}


def print_lr_find(verdict: Verdict) -> None:
    """Print the curve and every pick beside the suggestion."""
    result = verdict.result
    curve = result["curve"]
    if curve:
        lrs = [point["lr"] for point in curve]
        smoothed = [point["smoothed"] for point in curve]
        series = [Series(seeds_line(result), lrs, smoothed)]
        width = min(terminal().width, WIDTH)
        print(plot(series, "range test", "learning rate", "loss", log_x=True, width=width))
    rows = []
    if result["low"] is not None:
        band = f"the seeds' own: {result['low']:.2g} to {result['high']:.2g}"
        rows.append(("suggestion", shown(result["suggestion"]), band))
        rows += [(name, shown(result[name]), meaning) for name, meaning in MEANINGS.items()]
    rows.append(("optimizer.lr", f"{result['lr']:g}", f"the recipe's: {result['applies_to']}"))
    print_rows(rows)


def shown(lr: float | None) -> str:
    """Return an lr in two digits."""
    return "none" if lr is None else f"{lr:.2g}"


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
        top=max(mean) * 1.1 if mean and max(mean) > 0 else None,
    )
    return {"lr_find.svg": draw([panel])}


def markers(result: dict[str, Any]) -> list[Marker]:
    """Return the lines at the recipe's lr and, if there is one, at the suggestion."""
    marked = [Marker(f"the recipe's lr, {result['lr']:g}", result["lr"])]
    suggestion = result["suggestion"]
    if suggestion is not None:
        name = f"suggestion, {suggestion:g}"
        marked.append(Marker(name, suggestion, result["low"], result["high"], main=True))
    return marked
