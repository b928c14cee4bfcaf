"""Tables in text files: cells with a delimiter between them, read by pyarrow a block at a time.

A column of numbers becomes float64 as it is read; its text is never held as a whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

from trickrun.data.formats.cells import (
    MISSING_WORDS,
    Cells,
    as_numbers,
    is_missing,
    joined,
    number,
    trimmed,
)
from trickrun.data.formats.paths import decoded, not_utf8
from trickrun.data.formats.stored import Stored
from trickrun.data.formats.table import Table, check_names
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

Found = TypeVar("Found")

DELIMITERS = (",", ";", "\t", "|")

HEAD = 2**20
"""Bytes at the beginning of a file that tell its delimiter and names, and which columns are text.
"""
PEEKED = 50_000
"""Cells of them that are looked at, in as many whole rows as that makes."""
BLOCK, LARGEST_BLOCK = 2**20, 2**31 - 2**20
"""Bytes that are parsed at one time; more where one row is longer. Own: with 4 MiB a table of
500,000 x 50 took a fifth more of processor time and 120 MB more."""


class Unlike(Exception):
    """A cell is not of the type that its column was thought to have."""


class LongRow(Exception):
    """A row is longer than the bytes that are parsed at one time."""


@dataclass(frozen=True)
class TextFile:
    """A table in a text file.

    Args:
        stored: the file.
        delimiter: between cells.
        names: the columns'.
        skipped: lines before the first sample, with the columns' names.
    """

    stored: Stored
    delimiter: str
    names: tuple[str, ...]
    skipped: int

    @property
    def where(self) -> str:
        """The file, for errors."""
        return str(self.stored.path)

    def place(self, row: int) -> str:
        """Return where a row (from 0) stands: the line on which it ends."""
        for place, (line, _) in enumerate(self.rows()):
            if place == row:
                return f"line {line}"
        return f"row {row + 1}"

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each sample's last line in the file (from 1) and its cells: slowly, for errors."""
        raw = self.stored.unpacked()
        with raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text, unlimited_cells():
            for _ in range(self.skipped):
                text.readline()
            reader = csv.reader(text, delimiter=self.delimiter)
            yield from ((self.skipped + reader.line_num, row) for row in reader if row)

    def batches(
        self, types: Mapping[str, pa.DataType], only: Sequence[str], block: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, some at a time.

        Args:
            types: of each column that is read.
            only: the columns to read; none named: all.
            block: bytes that are parsed at one time.

        Raises DataError for a line with too few or too many cells, and for what is no text;
        Unlike for a cell that is not of its column's type; LongRow.
        """
        import pyarrow as pa
        import pyarrow.csv as pa_csv

        try:
            yield from pa_csv.open_csv(
                self.stored.unpacked(),
                pa_csv.ReadOptions(
                    block_size=block, skip_rows=self.skipped, column_names=self.names
                ),
                pa_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                pa_csv.ConvertOptions(
                    column_types=types, include_columns=[*only], null_values=spellings()
                ),
            )
        except pa.ArrowInvalid as error:
            message = str(error)
            if "straddling" in message:
                raise LongRow from error
            if "conversion error" in message and "UTF8" not in message:
                raise Unlike from error
            raise self.broken(message) from error
        except OSError as error:
            raise self.stored.broken(error) from error

    def broken(self, message: str) -> DataError:
        """Return the error about a file that pyarrow cannot read, of which it says ``message``."""
        if "Empty CSV" in message:
            return no_samples(self.where)
        try:
            for line, row in self.rows():
                if len(row) != len(self.names):
                    return DataError(
                        f"line {line} has {len(row)} cells, but there are {len(self.names)} "
                        "columns",
                        self.where,
                        f"cells are divided by {self.delimiter!r}: quote a cell that contains one",
                    )
            decoded(self.stored.path)
        except csv.Error as error:
            return DataError(str(error), self.where)
        except UnicodeDecodeError as error:
            return not_utf8(self.stored.path, error.start)
        except DataError as error:
            return error
        return DataError(message, self.where)

    def texts(self, names: Sequence[str]) -> dict[str, pa.StringArray]:
        """Return the text of some columns, read anew."""
        import pyarrow as pa

        def read(block: int) -> dict[str, pa.StringArray]:
            found: dict[str, list[pa.Array]] = {name: [] for name in names}
            for batch in self.batches(dict.fromkeys(names, pa.string()), names, block):
                for name, arrays in found.items():
                    arrays.append(trimmed(batch.column(name)))
            return {name: joined(arrays) for name, arrays in found.items()}

        return in_blocks(read)

    def text_of(self, name: str) -> Callable[[], pa.StringArray]:
        """Return what reads the text of a column anew."""
        return lambda: self.texts([name])[name]


def read_delimited(
    stored: Stored, delimiter: str | None, header: bool, texts: Sequence[str] | None
) -> Table:
    """Return the table in a text file in UTF-8.

    Args:
        delimiter: None finds out.
        header: whether the first line has the columns' names; without it they are c1, c2, ….
        texts: columns whose text will be needed, also if they are numbers; None: all.

    Raises DataError if it cannot be read, or does not have one cell a column on each line.
    """
    file, rows, about = opened(stored, delimiter, header)
    unread = {*file.names} - {*(file.names if texts is None else texts)}
    numeric = [
        name
        for name, *cells in zip(file.names, *rows, strict=True)
        if name in unread and all(is_missing(c) or number(c) is not None for c in cells)
    ]
    try:
        columns = in_blocks(partial(read_typed, file, numeric, about))
    except Unlike:
        columns = read_carefully(file, numeric)
    if not len(next(iter(columns.values()))):
        raise no_samples(file.where)
    return Table(file.where, {name: columns[name] for name in file.names}, file)


def opened(
    stored: Stored, delimiter: str | None, header: bool
) -> tuple[TextFile, list[list[str]], int]:
    """Return a text file, some of its first samples, and about how many it has.

    Raises DataError if it is empty, no text, or has no good names of columns.
    """
    where, raw = str(stored.path), stored.head(HEAD)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(raw, len(raw) < HEAD)
    except UnicodeDecodeError as error:
        raise not_utf8(stored.path, error.start) from error
    delimiter = delimiter or find_delimiter(text)
    first, rows = first_rows(text, delimiter, where)
    names = rows[0] if header else [f"c{place}" for place in range(1, len(rows[0]) + 1)]
    check_names(names, where)
    if len(raw) == HEAD and len(rows) > 2:
        rows.pop()  # it may be cut off
    samples = [row for row in rows[header:] if len(row) == len(names)]
    size = stored.size or len(raw)
    about = int(raw.count(b"\n") / max(1, len(raw)) * size * 1.05) + 1
    return TextFile(stored, delimiter, (*names,), first if header else 0), samples, about


def first_rows(text: str, delimiter: str, where: str) -> tuple[int, list[list[str]]]:
    """Return the line (from 1) on which the first row ends, and the first rows' cells: PEEKED of
    them. Raises DataError if there is none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    line = 0
    with unlimited_cells():
        try:
            for row in reader:
                if row:
                    rows.append([cell.strip() for cell in row])
                    line = line or reader.line_num
                if rows and len(rows) * len(rows[0]) >= PEEKED:
                    break
        except csv.Error as error:
            raise DataError(f"line {reader.line_num}: {error}", where) from error
    if not rows:
        raise DataError("the file is empty", where)
    return line, rows


def read_typed(file: TextFile, numeric: Sequence[str], rows: int, block: int) -> dict[str, Cells]:
    """Return a file's columns, with the columns ``numeric`` as numbers.

    Args:
        rows: about how many there are.

    Raises Unlike if a cell of a column ``numeric`` is no number; LongRow.
    """
    import numpy as np
    import pyarrow as pa

    places = {name: place for place, name in enumerate(numeric)}
    types = {name: pa.float64() if name in places else pa.string() for name in file.names}
    numbers, done = np.empty((len(numeric), rows)), 0
    texts: dict[str, list[pa.Array]] = {n: [] for n in file.names if n not in places}
    for batch in file.batches(types, (), block):
        end = done + len(batch)
        if end > numbers.shape[1]:
            numbers = enlarged(numbers, done, end)
        for name, array in zip(file.names, batch.columns, strict=True):
            if name in places:
                numbers[places[name], done:end] = array.to_numpy(zero_copy_only=False)
            else:
                texts[name].append(trimmed(array))
        done = end
    found = {
        name: Cells(numbers[place, :done], file.text_of(name)) for name, place in places.items()
    }
    return found | {name: Cells.of(joined(pieces)) for name, pieces in texts.items()}


def enlarged(numbers: Array, done: int, needed: int) -> Array:
    """Return the first ``done`` of numbers [columns, N], with room for twice N, or what is
    ``needed``."""
    import numpy as np

    found = np.empty((len(numbers), max(needed, 2 * numbers.shape[1])))
    found[:, :done] = numbers[:, :done]
    return found


def read_carefully(file: TextFile, numeric: Sequence[str]) -> dict[str, Cells]:
    """Return a file's columns where some of the columns ``numeric`` have cells that pyarrow does
    not take for numbers, or that are none: a column of which one is none is text."""
    import numpy as np
    import pyarrow as pa

    def read(block: int) -> dict[str, list[Array]]:
        pieces: dict[str, list[Array]] = {name: [] for name in numeric}
        for batch in file.batches(dict.fromkeys(numeric, pa.string()), numeric, block):
            for name in [*pieces]:
                values = as_numbers(trimmed(batch.column(name)))
                if values is None:
                    del pieces[name]
                else:
                    pieces[name].append(values)
        return pieces

    numbers = in_blocks(read)
    found = {
        name: Cells(np.concatenate(pieces), file.text_of(name)) for name, pieces in numbers.items()
    }
    others = [name for name in file.names if name not in numbers]
    texts = file.texts(others) if others else {}
    return found | {name: Cells.of(text) for name, text in texts.items()}


def in_blocks(read: Callable[[int], Found]) -> Found:
    """Return what ``read`` makes of a file, of which it parses so many bytes at a time."""
    block = BLOCK
    while True:
        try:
            return read(block)
        except LongRow:
            if block == LARGEST_BLOCK:
                raise
            block = min(16 * block, LARGEST_BLOCK)


def no_samples(where: str) -> DataError:
    """Return the error about a table without any row."""
    return DataError("there are no samples, only a header", where)


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


@cache
def spellings() -> list[str]:
    """Return every way, in capitals or not, to write that a value is missing."""
    return [
        "".join(letters)
        for word in MISSING_WORDS
        for letters in product(*({c, c.upper()} for c in word))
    ]


@contextmanager
def unlimited_cells() -> Iterator[None]:
    """Let csv read cells of any length meanwhile."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
