"""Tables in files whose columns have types: Parquet, Arrow (Feather) and JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.cells import Cells, joined, trimmed
from trickrun.data.formats.stored import Stored
from trickrun.data.formats.table import Table, check_names
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

Format = Literal["parquet", "arrow", "json"]

BEGIN: Mapping[bytes, Format] = {b"PAR1": "parquet", b"ARROW1": "arrow"}
"""What such files begin with. Feather's first version was another one."""
JSON_LINES = (".jsonl", ".ndjson")

MIDNIGHT = " 00:00:00"
"""How the text of a point in time ends that is the beginning of a day."""

Pieces = Iterator[tuple[str, int, "pa.Array"]]
"""Parts of columns: a column's name, the row (from 0) that the part begins with, its values."""


@dataclass(frozen=True)
class Opened:
    """A file whose columns can be read.

    Args:
        schema: their names and types.
        rows: how many values each has.
        pieces: yields the parts of some columns; those of one in the order of their rows.
    """

    schema: pa.Schema
    rows: int
    pieces: Callable[[Sequence[str]], Pieces]


@dataclass(frozen=True)
class ColumnarFile:
    """A table in a file whose columns have types."""

    stored: Stored
    format: Format

    @property
    def where(self) -> str:
        """The file, for errors."""
        return str(self.stored.path)

    def place(self, row: int) -> str:
        """Return where a row (from 0) stands."""
        return f"line {row + 1}" if self.format == "json" else f"row {row + 1}"

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """Yield the open file. Raises DataError if it is broken."""
        import pyarrow as pa

        try:
            with self.stored.unpacked() as file:
                yield OPENED_AS[self.format](file)
        except pa.ArrowInvalid as error:
            raise DataError(f"cannot be read: {error}", self.where, "write it again") from error
        except OSError as error:
            raise self.stored.broken(error) from error

    def text_of(self, name: str) -> Callable[[], pa.StringArray]:
        """Return what reads the text of a column anew."""

        def read() -> pa.StringArray:
            with self.opened() as found:
                return texts_of([values for _, _, values in found.pieces([name])])

        return read

    def unreadable(self, name: str, kind: pa.DataType) -> Callable[[], pa.StringArray]:
        """Return what says that a column cannot be read, if it is to be."""

        def read() -> pa.StringArray:
            raise DataError(
                f"column {name!r} has cells of type {kind}, which are not numbers, dates or texts",
                self.where,
                f"leave it out (data.drop: [{name}]), or make columns of its parts",
            )

        return read


def columnar_format(stored: Stored) -> Format | None:
    """Return what kind of file with types it is; None: it is none."""
    if stored.path.name.removesuffix(".gz").endswith(JSON_LINES):
        return "json"
    return next((kind for begin, kind in BEGIN.items() if stored.begin.startswith(begin)), None)


def read_columnar(stored: Stored, kind: Format) -> Table:
    """Return the table in a file whose columns have types: a number is float64, all else text.

    Raises DataError if it cannot be read.
    """
    import numpy as np

    file = ColumnarFile(stored, kind)
    with file.opened() as found:
        names, rows = found.schema.names, found.rows
        check_names(names, file.where)
        if rows == 0:
            raise DataError("there are no samples", file.where)
        types = dict(zip(names, found.schema.types, strict=True))
        numeric = [name for name in names if is_number(types[name])]
        places = {name: place for place, name in enumerate(numeric)}
        others = [name for name in names if name not in places and has_text(types[name])]
        numbers = np.empty((len(numeric), rows))
        for name, start, values in found.pieces(numeric):
            numbers[places[name], start : start + len(values)] = as_float64(values)
        parts: dict[str, list[pa.Array]] = {name: [] for name in others}
        for name, _, values in found.pieces(others):
            parts[name].append(values)
    columns = {
        name: Cells(numbers[place], file.text_of(name), stored=True)
        for name, place in places.items()
    }
    columns |= {name: Cells.of(texts_of(pieces)) for name, pieces in parts.items()}
    columns |= {
        name: Cells(None, file.unreadable(name, types[name]), readable=False)
        for name in names
        if name not in columns
    }
    return Table(file.where, {name: columns[name] for name in names}, file)


def parquet(file: pa.NativeFile) -> Opened:
    """Return an open Parquet file."""
    from pyarrow.parquet import ParquetFile

    found = ParquetFile(file)

    def pieces(names: Sequence[str]) -> Pieces:
        # A column at a time: a group of rows may be the whole file.
        start = 0
        for group in range(found.num_row_groups):
            for name in names:
                done = start
                for values in found.read_row_group(group, [name]).column(0).chunks:
                    yield name, done, values
                    done += len(values)
            start += found.metadata.row_group(group).num_rows

    return Opened(found.schema_arrow, found.metadata.num_rows, pieces)


def arrow(file: pa.NativeFile) -> Opened:
    """Return an open Arrow file (Feather)."""
    from pyarrow import ipc

    found = ipc.open_file(file)

    def pieces(names: Sequence[str]) -> Pieces:
        start = 0
        for place in range(found.num_record_batches):
            batch = found.get_batch(place)
            for name in names:
                yield name, start, batch.column(name)
            start += len(batch)

    rows = sum(len(found.get_batch(place)) for place in range(found.num_record_batches))
    return Opened(found.schema, rows, pieces)


def json_lines(file: pa.NativeFile) -> Opened:
    """Return an open file with a JSON object a line."""
    from pyarrow import json

    found = json.read_json(file)

    def pieces(names: Sequence[str]) -> Pieces:
        for name in names:
            start = 0
            for values in found.column(name).chunks:
                yield name, start, values
                start += len(values)

    return Opened(found.schema, len(found), pieces)


OPENED_AS: Mapping[Format, Callable[[pa.NativeFile], Opened]] = {
    "parquet": parquet,
    "arrow": arrow,
    "json": json_lines,
}


def is_number(kind: pa.DataType) -> bool:
    """Whether values of a type are numbers."""
    from pyarrow import types

    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_null(kind)
    )


def has_text(kind: pa.DataType) -> bool:
    """Whether values of a type can be written as text that says all of them."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return has_text(kind.value_type)
    return bool(
        is_number(kind)
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_date(kind)
        or types.is_timestamp(kind)
        or types.is_time(kind)
    )


def as_float64(array: pa.Array) -> Array:
    """Return numbers [N], NaN where there is none."""
    import numpy as np
    import pyarrow as pa

    found: Array = np.asarray(
        array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64
    )
    return found


def texts_of(pieces: Sequence[pa.Array]) -> pa.StringArray:
    """Return a column's values, in pieces, as text [N]. Points in time that are all days are."""
    import pyarrow.compute as pc
    from pyarrow import types

    found = joined([as_text(piece) for piece in pieces])
    if pieces and types.is_timestamp(pieces[0].type) and pieces[0].type.tz is None:
        days = pc.or_(pc.ends_with(found, MIDNIGHT), pc.equal(found, ""))
        if pc.all(days).as_py():
            return pc.replace_substring(found, MIDNIGHT, "")
    return found


def as_text(array: pa.Array) -> pa.StringArray:
    """Return values as text [N], as pandas writes them into a csv file, without blanks around;
    empty where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_floating(array.type):
        # In the digits that their own type needs, and whole numbers as such: a column of them with
        # gaps is stored as floats by pandas.
        kind = array.type.to_pandas_dtype()
        said = [None if v is None else str(kind(v)).removesuffix(".0") for v in array.to_pylist()]
        array = pa.array(said, pa.string())
    found = array.cast(pa.string())
    if types.is_boolean(array.type):
        found = pc.utf8_capitalize(found)
    if types.is_timestamp(array.type):
        found = pc.replace_substring_regex(found, r"\.0+(Z?)$", r"\1")
    return trimmed(found).fill_null("")
