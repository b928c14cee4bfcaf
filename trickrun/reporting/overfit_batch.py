"""What `overfit-batch` reached and tried, in the terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from trickrun.findings.verdict import Verdict
from trickrun.reporting.console import terminal
from trickrun.reporting.numbers import number
from trickrun.reporting.verdict import print_rows


def print_overfit_batch(verdict: Verdict) -> None:
    """Print what the batch's loss started from, reached and could reach, and what was tried."""
    result = verdict.result
    rows = [
        ("batch", f"{result['samples']} samples", off(result["disabled"])),
        ("loss before training", number(result["initial_loss"]), ""),
        ("loss reached", number(result["final_loss"]), f"after {result['steps']} steps"),
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
