"""Targets in the columns of a table: which task they ask for, class names, values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.encode import is_text, numbers, refuse_missing
from trickrun.data.formats.labels import FEW
from trickrun.data.formats.table import Table, number

if TYPE_CHECKING:
    import numpy as np


def infer_kind(cells: Sequence[str]) -> Literal["classification", "regression"]:
    """Return classification for text, and for at most FEW whole numbers that recur."""
    if is_text(cells):
        return "classification"
    values = {number(cell) for cell in cells} - {None}
    whole = all(value is not None and value % 1 == 0 for value in values)
    few = len(values) <= FEW and 2 * len(values) <= len(cells)
    return "classification" if whole and few else "regression"


def class_names(table: Table, name: str) -> tuple[str, ...]:
    """Return the different labels of a column, in the order of numbers if all are, else of text.

    Raises DataError for a missing label.
    """
    cells = table.columns[name]
    for row in range(len(cells)):
        refuse_missing(table, row, name)
    by_number = {cell: number(cell) for cell in set(cells)}
    if None in by_number.values():
        return tuple(sorted(by_number))
    return tuple(sorted(by_number, key=lambda cell: (by_number[cell], cell)))


def target_values(table: Table, names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return the values [N, targets] of the target columns. Raises DataError for text in one."""
    import numpy as np

    for name in names:
        if is_text(table.columns[name]):
            raise table.error(
                0,
                name,
                f"{table.columns[name][0]!r} is text, but regression needs numbers",
                "set data.task: classification, or correct the column",
            )
    return np.array([numbers(table, name) for name in names]).T
