"""A table's columns as what they are taken for: numbers, dates, yes and no, categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.cells import Cells, CellsKind, Missing, as_numbers
from trickrun.data.formats.dates import cyclic, days_of, has_zone, read_date
from trickrun.data.formats.numerals import Notation
from trickrun.data.formats.table import Table
from trickrun.data.splits.source import ColumnType, Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TRUE = frozenset({"true", "yes", "y", "t", "on", "1"})
FALSE = frozenset({"false", "no", "n", "f", "off", "0"})
"""How yes and no are written, in any case."""


def texts_for(task: Task) -> list[str] | None:
    """Return the columns whose text a run's types need; None: all."""
    if task.missing_values is not None:
        return None
    return [each.name for each in task.types if each.kind != "left_out"]


def as_task_has(table: Table, task: Task) -> Table:
    """Return a table whose columns are what a run took them for. Raises DataError."""
    return typed(with_missing(table, task.missing_values), task.types)


READ_AS = {
    "number": "numbers",
    "category": "categories",
    "boolean": "yes or no",
    "date": "dates",
    "left_out": "left out",
}


def told_of_types(table: Table, task: Task) -> tuple[str, ...]:
    """Return what is said of a further file's columns that are read as something else than they
    look like, or not at all: nothing, or a line."""
    said: dict[str, list[str]] = {}
    for each in task.types:
        if each.name in table.columns:
            said.setdefault(READ_AS[each.kind], []).append(each.name)
    kinds = [
        f"{kind}: {', '.join(names[:8])}{f' and {len(names) - 8} more' if len(names) > 8 else ''}"
        for kind, names in said.items()
    ]
    return (f"as in training, {'; '.join(kinds)}",) if kinds else ()


def with_missing(table: Table, words: Sequence[str] | None) -> Table:
    """Return a table in which cells that say one of ``words``, or nothing, have no value; None: the
    usual words.

    A word that is a number stands for that number however it is written.
    """
    if words is None:
        return table
    missing = Missing.of(words)
    columns = {name: missing_in(cells, missing) for name, cells in table.columns.items()}
    return replace(table, columns=columns)


def missing_in(cells: Cells, missing: Missing) -> Cells:
    """Return a column in which other cells have no value."""
    import numpy as np

    numbers = cells.numbers
    if numbers is not None:
        numbers = np.where(np.isin(numbers, [*missing.values]), np.nan, numbers)
    elif cells.readable:
        numbers = as_numbers(cells.texts, missing)
    return replace(cells, numbers=numbers, is_missing=missing, as_read=cells.as_read or cells)


def typed(table: Table, types: Sequence[ColumnType]) -> Table:
    """Return a table whose columns are of some types; of dates, the parts are columns too.

    Columns that are not there are passed over. Raises DataError for a cell that is not of its type.
    """
    columns = dict(table.columns)
    for each in types:
        if each.name in columns and each.kind != "left_out":
            columns[each.name] = read_as(table, each)
            if each.kind == "date":
                columns |= parts_of(columns[each.name], each, table)
    return replace(table, columns=columns)


def read_as(table: Table, wanted: ColumnType) -> Cells:
    """Return a column as one of a type. Raises DataError for the first cell that is none."""
    import numpy as np

    cells = table.columns[wanted.name]
    as_read = cells.as_read or cells
    if wanted.kind == "category":
        return replace(cells, numbers=None, kind="category", as_read=as_read)
    if wanted.kind == "number" and (wanted.decimal == "." or cells.stored):
        plain = cells.plain()
        if plain.numbers is not None:
            return replace(plain, kind="number", as_read=as_read)
    values = {"number": numerals, "date": dates, "boolean": booleans}[wanted.kind](table, wanted)
    _, codes = cells.distinct
    kind: CellsKind = "date" if wanted.kind == "date" else "number"
    numbers = np.array(values, dtype=np.float64)[codes]
    return replace(cells, numbers=numbers, kind=kind, as_read=as_read)


def numerals(table: Table, wanted: ColumnType) -> list[float]:
    """Return the number that each different text of a column says, NaN where it is missing.

    Raises DataError for one that says none, or another currency than the first, or a percentage
    beside plain numbers.
    """
    notation = Notation(wanted.decimal, wanted.thousands)
    first: tuple[str, str] | None = None

    def read(text: str) -> float:
        nonlocal first
        found = notation.read(text)
        if found is None:
            raise refused(table, wanted.name, text, "is not a number", number_hint(wanted, text))
        if first is None:
            first = text, found.unit
        if found.unit != first[1]:
            raise refused(
                table,
                wanted.name,
                text,
                f"is in another unit than {first[0]!r}",
                "convert the column to one unit",
            )
        return found.value

    return each_text(table.columns[wanted.name], read)


def number_hint(wanted: ColumnType, text: str) -> str:
    """Return what to do about a text that is no number."""
    way = f"decimals are written with {wanted.decimal!r}"
    way += f", and thousands are separated by {wanted.thousands!r}" if wanted.thousands else ""
    return f"correct it, or set data.decimal or data.thousands: as it is read, {way}"


def dates(table: Table, wanted: ColumnType) -> list[float]:
    """Return the days since 1970-01-01 that each different text of a column says, NaN where it is
    missing.

    Raises DataError for one that is no date of the wanted format, or has a time zone where the
    first has none.
    """
    form = (
        f"not a date of the format {wanted.format!r}" if wanted.format else "not a date in ISO 8601"
    )
    first: tuple[str, bool] | None = None

    def read(text: str) -> float:
        nonlocal first
        found = read_date(text, wanted.format)
        if found is None:
            hint = "write all dates in one way"
            if not wanted.format:
                says = f'data.types: {{{wanted.name}: {{kind: date, format: "%d/%m/%Y"}}}}'
                hint = f"correct it; in a recipe {says} sets another format"
            raise refused(table, wanted.name, text, f"is {form}", hint)
        if first is None:
            first = text, has_zone(found)
        if has_zone(found) != first[1]:
            raise refused(
                table,
                wanted.name,
                text,
                f"and {first[0]!r}: only one of them names a time zone",
                "write all times in one way",
            )
        return days_of(found)

    return each_text(table.columns[wanted.name], read)


def booleans(table: Table, wanted: ColumnType) -> list[float]:
    """Return 1 for yes, 0 for no, NaN for nothing of each different text of a column."""

    def read(text: str) -> float:
        said = text.lower()
        if said not in TRUE | FALSE:
            hint = "in training the column had only these values: correct or remove the row"
            raise refused(table, wanted.name, text, "is neither yes nor no", hint)
        return float(said in TRUE)

    return each_text(table.columns[wanted.name], read)


def each_text(cells: Cells, read: Callable[[str], float]) -> list[float]:
    """Return what ``read`` makes of each different text of a column, NaN where it is missing."""
    return [float("nan") if cells.is_missing(text) else read(text) for text in cells.distinct[0]]


def refused(table: Table, name: str, text: str, what: str, hint: str) -> DataError:
    """Return the error about the first cell of a column that says ``text``."""
    texts, codes = table.columns[name].distinct
    row = int((codes == texts.index(text)).argmax())
    return table.error(row, name, f"{text!r} {what}", hint)


def part_names(wanted: ColumnType) -> list[str]:
    """Return the names of the features that a date's parts become."""
    return [f"{wanted.name}.{part}_{wave}" for part in wanted.parts for wave in ("sin", "cos")]


def parts_of(cells: Cells, wanted: ColumnType, table: Table) -> dict[str, Cells]:
    """Return the columns of the parts of dates. Raises DataError if one is there already."""
    assert cells.numbers is not None
    waves = [wave for part in wanted.parts for wave in cyclic(cells.numbers, part)]
    found = dict(zip(part_names(wanted), waves, strict=True))
    if taken := next((name for name in found if name in table.columns), None):
        raise DataError(
            f"column {taken!r} has the same name as a part of {wanted.name!r}",
            table.where,
            "rename it, or remove data.date_parts",
        )
    return {name: Cells(numbers, cells.read, kind="number") for name, numbers in found.items()}
