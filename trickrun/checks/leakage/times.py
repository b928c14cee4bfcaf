"""Columns of times, and how much of the target its neighbours in time tell."""

from __future__ import annotations

import torch

from trickrun.checks.leakage.table import Table
from trickrun.data.formats.guess import TIME_NAME
from trickrun.findings.evidence.leaks import TimeColumn
from trickrun.nn.rng import generator

BLOCK = 16
"""Samples whose targets are compared with those of other times."""


def time_column(table: Table) -> TimeColumn | None:
    """Return the column of times that the target depends on most; None if there is none."""
    found = [
        TimeColumn(name, related(values, table.y), len(table))
        for name, values in table.columns.items()
        if is_time(table, name) and len(torch.unique(values)) > 2 and bool((values >= 0).all())
    ]
    return max(found, key=lambda column: column.related, default=None)


def is_time(table: Table, name: str) -> bool:
    """Return whether a column has times: it reads as such, or is named so and follows the file."""
    if table.kinds[name].endswith("times"):
        return True
    steps = table.columns[name].diff()
    monotone = bool((steps >= 0).all()) or bool((steps <= 0).all())
    return (
        monotone and TIME_NAME.search(name) is not None and not table.kinds[name].endswith("texts")
    )


def related(times: torch.Tensor, y: torch.Tensor) -> float:
    """Return how much of a target [N, outputs] its neighbours in time tell: the larger of the
    correlation with the one before, and the share of variance between blocks of neighbours.

    Samples of one time are mixed, as their order in the file may follow the target.
    """
    mixed = torch.randperm(len(times), generator=generator(0, "related"))
    y = y[mixed[times[mixed].argsort(stable=True)]]
    y = y - y.mean(0)
    whole = float(y.square().sum())
    if whole == 0 or len(y) < 2 * BLOCK:
        return 0.0
    after = float((y[1:] * y[:-1]).sum()) / whole
    return max(after, between_blocks(y, BLOCK))


def between_blocks(values: torch.Tensor, size: int) -> float:
    """Return the share of the variance of ``values`` [N, outputs] that lies between blocks of
    ``size``: 0 as for a random order, where it is 1 / size; 1 if each block holds one value."""
    count = len(values) // size
    if count < 2:
        return 0.0
    values = values[: count * size]
    whole = values.var(0, correction=0).sum()
    if whole == 0:
        return 0.0
    between = values.reshape(count, size, -1).mean(1).var(0, correction=0).sum()
    return max(0.0, float((between / whole - 1 / size) / (1 - 1 / size)))


def between_class_blocks(y: torch.Tensor, size: int) -> float:
    """Return ``between_blocks`` of the one-hot classes of ``y`` [N], which are not made: of many
    classes they would take more memory than the data."""
    count = len(y) // size
    if count < 2:
        return 0.0
    y = y[: count * size]
    block = torch.arange(len(y), device=y.device) // size
    cells = torch.unique(block * (y.max() + 1) + y, return_counts=True)[1]
    # Both variances times the square of the number of samples, which makes them whole numbers.
    squares = int(torch.bincount(y).square().sum())
    whole = len(y) ** 2 - squares
    if whole == 0:
        return 0.0
    between = count * int(cells.square().sum()) - squares
    return max(0.0, (between / whole - 1 / size) / (1 - 1 / size))
