"""The list of runs in the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from trickrun.reporting.console import duration, number, print_table, size, terminal

if TYPE_CHECKING:
    from trickrun.run.listing import Summary

STYLES = {"finished": "green", "failed": "red", "damaged": "red", "running": "cyan"}
"""What else there is can be resumed: yellow."""


def print_runs(runs: Sequence[Summary]) -> None:
    """Print one line a run."""
    now = time.time()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "recipe", "command", "status", "best", "test", "age", "size"):
        table.add_column(name, no_wrap=name == "id", justify="right" if name == "size" else "left")
    for run in runs:
        style = STYLES.get(run.status, "yellow")
        table.add_row(
            run.id,
            run.recipe,
            Text(run.command),
            Text(run.verdict or run.status, style),
            Text(best(run)),
            test(run),
            duration(now - run.started) if run.started is not None else "",
            size(run.bytes),
        )
    print_table(terminal(), table)


def best(run: Summary) -> str:
    """Return the best evaluation's loss and epoch; of a run that has none, why."""
    if not run.best or run.best.get("epoch") is None or run.status == "damaged":
        return run.reason or ""
    name = "val_loss" if "val_loss" in run.best else "train_loss"
    return f"{name} {number(run.best.get(name))} (epoch {run.best['epoch']:.4g})"


def test(run: Summary) -> str:
    """Return the first metric on the test split, or the loss if there is none."""
    values = run.test or {}
    names = [name for name in values if name != "loss"] or list(values)
    return f"{names[0]} {number(values[names[0]])}" if names else ""
