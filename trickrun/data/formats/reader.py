"""Tables of every kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trickrun.data.formats.columnar import columnar_format, read_columnar
from trickrun.data.formats.delimited import read_delimited
from trickrun.data.formats.stored import Stored
from trickrun.data.formats.table import Table
from trickrun.errors import DataError

OTHERS = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"FEA1", "a Feather file of version 1"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)
"""What other files that people have for tables begin with."""

SAVE_AS = "save it as csv in UTF-8, or as Parquet"
"""The hint about them."""


def read_table(
    path: Path,
    delimiter: str | None = None,
    header: bool = True,
    texts: Sequence[str] | None = (),
) -> Table:
    """Return the table in a file.

    Args:
        delimiter: of a text file: between cells; None finds out.
        header: of a text file: whether its first line has the columns' names; without it they are
            c1, c2, ….
        texts: columns whose text will be needed, also if they are numbers; None: of a text file
            all.

    Raises DataError if it cannot be read.
    """
    stored = Stored.at(path)
    if (kind := columnar_format(stored)) is not None:
        return read_columnar(stored, kind)
    if found := next((what for begin, what in OTHERS if stored.begin.startswith(begin)), None):
        raise DataError(f"this is {found}, not a table", str(path), SAVE_AS)
    return read_delimited(stored, delimiter, header, texts)
