"""Columns of a table whose cells are compared rather than learned from: groups and times."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.table import Table
from trickrun.data.splits.source import Column, ColumnKind

if TYPE_CHECKING:
    import numpy as np
    import torch

WHOLE = re.compile(r"[+-]?\d+")
MONTH = re.compile(r"\d{4}-\d{2}")


def read_column(table: Table, name: str, used: bool) -> Column:
    """Return the column ``name`` with its cells as they compare.

    Args:
        used: whether inputs are made of it.
    """
    import torch

    cells = table.columns[name]
    if cells.kind == "date" and cells.numbers is not None:
        return Column(name, "times", ranks_of(cells.numbers), used)
    texts, codes = cells.distinct
    distinct = cells.present
    kind, values = comparable(distinct)
    places = {value: place for place, value in enumerate(sorted(set(values)))}
    ranks = {text: places[value] for text, value in zip(distinct, values, strict=True)}
    each = torch.tensor([ranks.get(text, -1) for text in texts], dtype=torch.int64)
    return Column(name, kind, each[torch.from_numpy(codes).long()], used)


def ranks_of(values: np.ndarray[Any, Any]) -> torch.Tensor:
    """Return the place [N] of each number [N] among the different ones, -1 for NaN."""
    import numpy as np
    import torch

    _, places = np.unique(values, return_inverse=True)
    return torch.from_numpy(np.where(np.isnan(values), -1, places.reshape(-1)))


def check_times(table: Table, name: str) -> None:
    """Raise DataError for the first cell of a column that is missing, or no point in time."""
    cells = table.columns[name]
    if cells.kind == "date" or comparable(cells.present)[0] != "texts":
        if cells.missing.any():
            raise table.error(
                int(cells.missing.argmax()),
                name,
                "the time is missing, so the split cannot place the sample",
                "fill it in, or remove the line",
            )
        return
    hint = "write 2024-05-31, 2024-05-31T18:30:00 or a number, in the same way in all lines"
    read: Callable[[str], Any] = exact_number if exact_number(cells[0]) is not None else moment
    for row, cell in enumerate(cells):
        if read(cell) is None:
            raise table.error(row, name, f"{cell!r} is not a date, date-time or number", hint)
    zoned = moment(cells[0])
    for row, cell in enumerate(cells):
        value = moment(cell)
        if value and zoned and (value.tzinfo is None) != (zoned.tzinfo is None):
            message = f"only one of {cells[0]!r} and {cell!r} names a time zone"
            raise table.error(row, name, message, hint)


def comparable(cells: Sequence[str]) -> tuple[ColumnKind, Sequence[Any]]:
    """Return what kind of cells these are, and what each is compared by."""
    numbers = read_all(exact_number, cells)
    if numbers is not None:
        return "numbers", numbers
    times = read_all(moment, cells)
    # A time with a zone cannot be compared with one without.
    if times is not None and len({time.tzinfo is None for time in times}) == 1:
        return "times", times
    return "texts", cells


def read_all(read: Callable[[str], Any], cells: Sequence[str]) -> list[Any] | None:
    """Return what ``read`` makes of the cells; None if it fails for one, or there is none."""
    values = []
    for cell in cells:
        value = read(cell)
        if value is None:
            return None
        values.append(value)
    return values or None


def exact_number(cell: str) -> int | Decimal | None:
    """Return the number that a cell says, exactly; None if it is none, or not finite."""
    if WHOLE.fullmatch(cell):
        return int(cell)
    try:
        value = Decimal(cell) if "_" not in cell else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def moment(cell: str) -> datetime | None:
    """Return the date, with or without a time of day, that a cell says in ISO 8601; or None."""
    try:
        return datetime.fromisoformat(f"{cell}-01" if MONTH.fullmatch(cell) else cell)
    except ValueError:
        return None
