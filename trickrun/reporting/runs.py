"""The list of runs in the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from trickrun.reporting.console import duration, number, size, terminal
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.run.listing import Summary

STYLES = {"finished": "green", "failed": "red", "damaged": "red", "running": "cyan"}
"""What else there is can be resumed: yellow."""

EPOCH = " (epoch"
"""How the end of the column ``best`` begins."""

LEAST = ("size", "age", "tags", EPOCH, "test", "command")
"""What is left out where a terminal is too narrow, the least important first: columns, and the
epoch of the best evaluation."""

SHORTEST_ID = 15
"""Characters of an id that tell its second; on a terminal no more than are needed are shown."""

LEAST_NAME = 24
"""Characters of the first column that stay, however narrow the terminal is."""

GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column: its name and its cells."""

    name: str
    cells: list[str]

    @cached_property
    def width(self) -> int:
        return max(map(cell_len, (self.name, *self.cells)))


def print_runs(runs: Sequence[Summary]) -> None:
    """Print one line a run; on a terminal without the columns that do not fit."""
    console = terminal()
    columns = columns_of(runs, short=console.is_terminal)
    if console.is_terminal:
        columns = fitting(columns, console.width)
    status = [column.name for column in columns].index("status")
    for place in range(-1, len(runs)):
        cells = [padded(column, place, last=column is columns[-1]) for column in columns]
        if not console.is_terminal:
            print(GAP.join(cells).rstrip())
            continue
        line = Text(GAP).join(Text(cell) for cell in cells)
        if place < 0:
            line.stylize("bold")
        else:
            before = sum(cell_len(cell + GAP) for cell in cells[:status])
            style = STYLES.get(runs[place].status, "yellow")
            line.stylize(style, before, before + len(cells[status]))
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def columns_of(runs: Sequence[Summary], short: bool) -> list[Column]:
    """Return the columns, as wide as they need to be.

    Args:
        short: ids only so long that they differ.
    """
    now = time.time()
    ids = shortened([run.id for run in runs if not run.name]) if short else None
    shown = iter(ids if ids is not None else [run.id for run in runs if not run.name])
    columns = [
        Column("id", [depth(run) + (run.name or next(shown)) for run in runs]),
        Column("recipe", [run.recipe for run in runs]),
        Column("command", [run.command for run in runs]),
        Column("status", [run.verdict or run.status for run in runs]),
        Column("best", [best(run) for run in runs]),
        Column("test", [test(run) for run in runs]),
        Column("tags", [", ".join((*run.tags, *([run.note] if run.note else []))) for run in runs]),
        Column("age", ["" if run.started is None else duration(now - run.started) for run in runs]),
        Column("size", [size(run.bytes) if run.bytes else "" for run in runs]),
    ]
    return [
        Column(column.name, [in_line(cell) for cell in column.cells])
        for column in columns
        if column.name != "tags" or any(column.cells)
    ]


def depth(run: Summary) -> str:
    """Return the space before a run: those that belong to another stand a little to the right."""
    if run.name:
        return "    "
    return "  " if run.parent is not None else ""


def shortened(ids: list[str]) -> list[str]:
    """Return the beginnings of ids, of one length in which no two are the same."""
    for length in range(SHORTEST_ID, max(map(len, ids), default=0)):
        if len({name[:length] for name in ids}) == len(ids):
            return [name[:length] for name in ids]
    return ids


def fitting(columns: list[Column], width: int) -> list[Column]:
    """Return the columns that fit into ``width`` characters."""
    for name in LEAST:
        if sum(column.width for column in columns) + len(GAP) * (len(columns) - 1) <= width:
            break
        columns = [column for column in columns if column.name != name]
        if name == EPOCH:
            columns = [without_epoch(column) for column in columns]
    over = sum(column.width for column in columns) + len(GAP) * (len(columns) - 1) - width
    return [cut(column, over) for column in columns] if over > 0 else columns


def without_epoch(column: Column) -> Column:
    """Return the column ``best`` without the epochs, another as it is."""
    if column.name != "best":
        return column
    return Column(column.name, [cell.partition(EPOCH)[0] for cell in column.cells])


def cut(column: Column, over: int) -> Column:
    """Return the first column with its names cut so that it is ``over`` characters narrower, but
    no narrower than LEAST_NAME; another column as it is."""
    if column.name != "id":
        return column
    room = max(column.width - over, LEAST_NAME)
    cells = [
        cell if cell_len(cell) <= room else f"{set_cell_size(cell, room - 1).rstrip()}…"
        for cell in column.cells
    ]
    return Column(column.name, cells)


def padded(column: Column, place: int, last: bool) -> str:
    """Return a cell, or for -1 the column's name, as wide as the column; the last one as it is,
    but for sizes, which end at one place."""
    text = column.name if place < 0 else column.cells[place]
    space = " " * (column.width - cell_len(text))
    if column.name == "size":
        return space + text
    return text if last else text + space


def best(run: Summary) -> str:
    """Return the best evaluation's loss and epoch, or a search's metric; if there is none, why."""
    if not run.best or run.status == "damaged":
        return run.reason or ""
    name = "val_loss" if run.best.get("val_loss") is not None else "train_loss"
    if run.best.get("epoch") is not None:
        return f"{name} {number(run.best.get(name))}{EPOCH} {run.best['epoch']:.4g})"
    metric = next((name for name in run.best if name not in ("id", "params", "metric")), "")
    return f"{metric} {number(run.best[metric])}" if metric else ""


def test(run: Summary) -> str:
    """Return the first metric on the test split, or the loss if there is none."""
    values = run.test or {}
    names = [name for name in values if name != "loss"] or list(values)
    return f"{names[0]} {number(values[names[0]])}" if names else ""
