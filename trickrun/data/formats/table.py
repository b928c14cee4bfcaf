"""Tables in text files: read into columns of cells, so that an error can name line and column."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import compress
from operator import eq
from pathlib import Path

from trickrun.data.formats.paths import read_bytes, unpacked
from trickrun.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})


@dataclass(frozen=True)
class Table:
    """The cells of a table, blanks around them removed.

    Args:
        where: the file, for errors.
        columns: each column's cells, by its name, in the file's order.
        lines: the line of the file (from 1) on which each row ends.
    """

    where: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    def column(self, name: str, asked_by: str = "") -> Sequence[str]:
        """Return the cells of a column; DataError with a near name if there is none.

        Args:
            asked_by: the recipe's path that names the column.
        """
        if name not in self.columns:
            close = get_close_matches(name, self.columns, n=1)
            names = ", ".join(self.columns)
            hint = f"did you mean {close[0]!r}?" if close else f"its columns are {names}"
            asker = f" ({asked_by})" if asked_by else ""
            raise DataError(f"there is no column {name!r}{asker}", self.where, hint)
        return self.columns[name]

    def complete(self, names: Sequence[str]) -> Table:
        """Return the table without the rows that miss a cell of the columns ``names``.

        Raises DataError if none is left.
        """
        cells = zip(*(self.columns[name] for name in names), strict=True)
        kept = [not any(map(is_missing, row)) for row in cells]
        if not any(kept):
            raise DataError(
                "every row misses a value",
                self.where,
                "set data.missing: fill, or leave out the columns that have few",
            )
        columns = {name: tuple(compress(cells, kept)) for name, cells in self.columns.items()}
        return Table(self.where, columns, list(compress(self.lines, kept)))

    def rows(self, places: Sequence[int]) -> Table:
        """Return the table of the rows at ``places`` (from 0), in that order."""
        if len(places) == len(self.lines) and all(map(eq, places, range(len(places)))):
            return self
        columns = {name: [cells[place] for place in places] for name, cells in self.columns.items()}
        return Table(self.where, columns, [self.lines[place] for place in places])

    def with_first(self, names: Sequence[str]) -> Table:
        """Return the table with the columns ``names`` before all others."""
        others = [name for name in self.columns if name not in {*names}]
        columns = {name: self.columns[name] for name in (*names, *others)}
        return Table(self.where, columns, self.lines)

    def error(self, row: int, name: str, message: str, hint: str) -> DataError:
        """Return an error about the cell in ``row`` (from 0) of column ``name``."""
        return DataError(f"line {self.lines[row]}, column {name!r}: {message}", self.where, hint)


def read_table(path: Path, delimiter: str | None = None, header: bool = True) -> Table:
    """Return the table in a text file in UTF-8, packed with gzip or not.

    Args:
        delimiter: None finds out.
        header: whether the first line has the columns' names; without it they are c1, c2, ….

    Raises DataError if it cannot be read, or does not have one cell a column on each line.
    """
    text = decoded(path)
    delimiter = delimiter or find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}", str(path)) from error
    if not rows:
        raise DataError("the file is empty", str(path))
    names = rows.pop(0)[1] if header else [f"c{i}" for i in range(1, len(rows[0][1]) + 1)]
    check_names(names, str(path))
    if not rows:
        raise DataError("there are no samples, only a header", str(path))
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(
                f"line {line} has {len(row)} cells, but there are {len(names)} columns",
                str(path),
                f"cells are divided by {delimiter!r}: quote a cell that contains one",
            )
    cells = zip(*(row for _, row in rows), strict=True)
    columns = dict(zip(names, cells, strict=True))
    return Table(str(path), columns, [line for line, _ in rows])


def decoded(path: Path) -> str:
    """Return the text of a file. Raises DataError if it is not UTF-8."""
    try:
        return unpacked(path, read_bytes(path)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"this is not text in UTF-8 (byte {error.start})",
            str(path),
            "export it as csv in UTF-8",
        ) from error


def find_delimiter(text: str) -> str:
    """Return what divides the first lines into equally many cells, and into the most."""
    head = text.splitlines()[:20]

    def quality(delimiter: str) -> tuple[bool, int]:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        except csv.Error:  # reported when the table is read
            return False, 0
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    return max(DELIMITERS, key=quality)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise DataError for columns without a name or with the same one."""
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise DataError(
            f"several columns are named {', '.join(map(repr, repeated))}", where, "rename them"
        )
    if "" in names:
        place = names.index("") + 1
        hint = "name it, or remove it; pandas: to_csv(…, index=False) writes no index"
        raise DataError(f"column {place} of {len(names)} has no name", where, hint)


def number(cell: str) -> float | None:
    """Return a cell's number, or None. Python's 1_000 is none: in a file it is text."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether a header is rather the first sample: half of its cells or more are numbers."""
    return 2 * sum(number(name) is not None for name in names) >= len(names)
