"""The gradient check in the terminal, and the picture of its error over the step size."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from trickrun.findings.verdict import Verdict
from trickrun.reporting.console import number, terminal
from trickrun.reporting.line_plot import draw
from trickrun.reporting.panels import Line, Marker, Panel
from trickrun.reporting.terminal_plot import in_terminal

SHOWN = 16
"""Parameters in the table, those with the largest errors; --json has all."""


def print_grad_check(verdict: Verdict) -> None:
    """Print the error of each parameter and, if it was measured, the U-curve."""
    result = verdict.result
    worst = sorted(result["parameters"], key=lambda row: -row["relative_error"])[:SHOWN]
    shown = [row for row in result["parameters"] if row in worst]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("parameter")
    table.add_column("of")
    for heading in ("relative error", "directions", "kinks", "largest gradient"):
        table.add_column(heading, justify="right")
    for row in shown:
        table.add_row(
            row["name"],
            row["of"],
            f"{row['relative_error']:.1e}",
            str(row["checked"]),
            str(row["kinks"]),
            number(row["largest_gradient"]),
        )
    console = terminal()
    console.print(table)
    hidden = len(result["parameters"]) - len(shown)
    if hidden:
        console.print(f"... and {hidden} more with smaller errors (--json lists all)")
    if result["disabled"]:
        console.print(f"switched off: {', '.join(result['disabled'])}")
    if result["h_sweep"]:
        print(in_terminal([panel(result)], 80))


def pictures(verdict: Verdict) -> dict[str, str]:
    """Return the U-curve as an SVG document, if it was measured."""
    if not verdict.result["h_sweep"]:
        return {}
    return {"h-sweep.svg": draw([panel(verdict.result)])}


def panel(result: dict[str, Any]) -> Panel:
    """Return the error over the step size: curvature spoils large steps, rounding small ones."""
    curve = result["h_sweep"]
    x = [point["h"] for point in curve][::-1]
    y = [point["error"] for point in curve][::-1]
    return Panel(
        "Error of centred differences",
        "step h",
        "relative error",
        [Line("all derivatives together", x, y)],
        [Marker("h of the check", result["h"], main=True)],
        log_x=True,
        log_y=True,
    )
