"""Text files to columns: what divides cells, packing, and each way in which a table is broken."""

import gzip
from pathlib import Path

import pytest

from trickrun.data.formats.cells import is_missing, number
from trickrun.data.formats.delimited import find_delimiter
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.table import Table
from trickrun.errors import DataError


def read(folder: Path, text: str | bytes, header: bool = True) -> Table:
    file = folder / "t.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(file, header=header)


def failure(folder: Path, text: str | bytes) -> DataError:
    with pytest.raises(DataError) as caught:
        read(folder, text)
    assert caught.value.where == str(folder / "t.csv")
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    table = read(tmp_path, f"a{delimiter}b\n1{delimiter}x y\n2{delimiter}z\n")
    assert {name: list(cells) for name, cells in table.columns.items()} == {
        "a": ["1", "2"],
        "b": ["x y", "z"],
    }


def test_delimiter_that_divides_evenly_wins() -> None:
    assert find_delimiter("name;size\nbig, blue;1\nsmall;2\n") == ";"
    assert find_delimiter("a,b,c;d\n1,2,3;4\n") == ","


def test_given_delimiter_is_used(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a b\n1 2\n")
    assert list(read_table(tmp_path / "t.csv", delimiter=" ").columns) == ["a", "b"]


@pytest.mark.parametrize("text", ["a,b\r\n1,2\r\n", "\ufeffa,b\n1,2", "a, b\n\n1 ,2\n\n"])
def test_line_ends_byte_order_mark_and_blanks(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert {name: list(cells) for name, cells in table.columns.items()} == {"a": ["1"], "b": ["2"]}


def test_quoted_cells_and_their_lines(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n"x\ny, ""z""",1\nu,2\n')
    assert list(table.columns["a"]) == ['x\ny, "z"', "u"]
    assert [table.origin.place(row) for row in (0, 1)] == ["line 3", "line 4"]


def test_packed_file(tmp_path: Path) -> None:
    assert list(read(tmp_path, gzip.compress(b"a,b\n1,2\n", mtime=0)).columns) == ["a", "b"]


def test_without_header_columns_are_numbered(tmp_path: Path) -> None:
    table = read(tmp_path, "5.1,x\n4.9,y\n", header=False)
    assert {name: list(cells) for name, cells in table.columns.items()} == {
        "c1": ["5.1", "4.9"],
        "c2": ["x", "y"],
    }


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "file is empty", ""),
        ("\n\n", "file is empty", ""),
        ("a,b\n", "only a header", ""),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, but there are 2 columns", "divided by ','"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells", "quote a cell"),
        ("a,b,a,b\n1,2,3,4\n", "several columns are named 'a', 'b'", "rename"),
        (",a\n0,1\n", "column 1 of 2 has no name", "index=False"),
        ("a,b,\n0,1,\n", "column 3 of 3 has no name", ""),
        (b"a,b\n\xff\xfe,1\n", "not text in UTF-8 (byte 4)", "csv in UTF-8"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cannot be unpacked", ""),
    ],
)
def test_broken_tables(tmp_path: Path, text: str | bytes, message: str, hint: str) -> None:
    error = failure(tmp_path, text)
    assert message in error.message
    assert hint in error.hint


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "none.csv")


def test_unknown_column_suggests_a_near_one(tmp_path: Path) -> None:
    table = read(tmp_path, "age,size\n1,2\n")
    with pytest.raises(DataError, match="no column 'agee'") as caught:
        table.column("agee")
    assert caught.value.hint == "did you mean 'age'?"
    with pytest.raises(DataError) as caught:
        table.column("colour")
    assert caught.value.hint == "its columns are age, size"


@pytest.mark.parametrize(
    ("cell", "value"), [("1", 1), ("-1.5e3", -1500), ("1_000", None), ("1,5", None), ("", None)]
)
def test_number(cell: str, value: float | None) -> None:
    assert number(cell) == value


@pytest.mark.parametrize(
    ("cell", "missing"), [("", True), ("NaN", True), ("N/A", True), ("0", False)]
)
def test_missing(cell: str, missing: bool) -> None:
    assert is_missing(cell) is missing
