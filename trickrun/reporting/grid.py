"""A search in the terminal: a live table while it runs, and what it says at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.table import Table

from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.text.command_line import typed
from trickrun.recipe.text.emit import flow
from trickrun.reporting.console import Text, print_table, terminal
from trickrun.reporting.phases import bars
from trickrun.reporting.verdict import print_verdict
from trickrun.search.run_trials import OnResult
from trickrun.search.trial import TrialResult

SHOWN = 12
"""Trials in the live table and in the table at the end; --json has all."""


@contextmanager
def live_table() -> Iterator[OnResult]:
    """Yield what shows each trial as it ends: a table on a terminal, a line in a pipe."""
    console = terminal()
    results: list[TrialResult] = []

    def line(result: TrialResult, done: int, total: int) -> None:
        print(f"{done}/{total}  {outcome(result)}  {typed(result.params)}", flush=True)

    if not console.is_terminal:
        yield line
        return
    with bars(console) as shown:

        def table(result: TrialResult, done: int, total: int) -> None:
            results.append(result)
            newest = trial_table([vars(r) for r in reversed(results[-SHOWN:])])
            shown.above = Group(newest, Text(f"{done} of {total} trials"))

        yield table


def outcome(result: TrialResult) -> str:
    """Return a trial's metric, or how else it ended."""
    return f"{result.metric:.4f}" if result.metric is not None else result.status


def trial_table(rows: list[dict[str, Any]]) -> Table:
    """Return a table of trials, a column a searched path."""
    paths = list(rows[0]["params"]) if rows else []
    # The last words of a path say enough, and leave room on a narrow terminal.
    names = [path.removeprefix("optimizer.").removeprefix("regularizers.") for path in paths]
    table = Table("metric", *names, "seconds", box=None, header_style="bold")
    for row in rows:
        metric = f"{row['metric']:.4f}" if row["metric"] is not None else row["status"]
        if row["status"] == "stopped":
            metric += f" at rung {row['rung']}"
        values = [flow(row["params"][path]) for path in paths]
        table.add_row(metric, *values, f"{row['seconds']:.1f}")
    return table


def print_search(verdict: Verdict) -> None:
    """Print the best trials, what mattered, and where to look next."""
    console = terminal()
    result = verdict.result
    print_table(console, trial_table(result["trials"][:SHOWN]))
    hidden = len(result["trials"]) - SHOWN
    if hidden > 0:
        console.print(f"... and {hidden} more (--json lists all)")
    print_verdict(verdict)
    if "left_out" in result:
        left = ", ".join(result["left_out"])
        console.print(f"no time for: {left}; the same command trains them", soft_wrap=True)
    if "other_data_than" in result:
        console.print(
            f"! The data has changed since the coarse search {result['other_data_than']}, so it is "
            "split again: samples that chose the space may now be in validation or test. `trickrun "
            "grid coarse` chooses the space again.",
            soft_wrap=True,
        )
    if result["best"] is None:
        return
    console.print(f"best: {typed(result['best']['params'])}", soft_wrap=True)
    if result["importance"]:
        parts = sorted(result["importance"].items(), key=lambda item: -item[1])
        console.print("what mattered: " + ", ".join(f"{path} {share:.0%}" for path, share in parts))
    for row in result.get("confirmed", []):
        console.print(
            f"over {counted(len(row['values']), 'seed')}: {row['mean']:.4f} "
            f"[{row['low']:.4f}, {row['high']:.4f}]  {typed(row['params'])}",
            soft_wrap=True,
        )
