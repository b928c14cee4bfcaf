"""Tables of every kind of file: the cells that the csv module reads, typed columns, exact numbers,
and what is read again only when it is asked for."""

import bz2
import csv
import gzip
import hashlib
import io
import json
import math
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather, parquet

from trickrun.data.formats import delimited
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import row_keys
from trickrun.data.formats.table import Table
from trickrun.errors import DataError


def table_of(folder: Path, content: str | bytes, name: str = "t.csv", **asked: Any) -> Table:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(file, **asked)


def cells_of(table: Table) -> dict[str, list[str]]:
    return {name: list(cells) for name, cells in table.columns.items()}


CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "1", "-2.5", "1e3", "+4", " 7 ", "x", 'a "b"', "a\nb", "é, ü", "0x1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6),
    st.floats(allow_nan=False).map(repr),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.sampled_from(",;\t|"))
def test_cells_are_what_the_csv_module_reads(tmp_path_factory, rows, delimiter):
    """And a column is one of numbers exactly if Python takes each of its cells for one."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([("a", "b"), *rows])
    text = buffer.getvalue()
    table = table_of(tmp_path_factory.mktemp("t"), text, delimiter=delimiter)
    wanted = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row][1:]
    for name, cells in zip("ab", zip(*wanted, strict=True), strict=True):
        column = table.columns[name]
        stripped = [cell.strip() for cell in cells]
        assert list(column) == stripped
        read = [as_python(cell) for cell in stripped]
        if None in read:
            assert column.numbers is None
        else:
            assert np.array_equal(column.numbers, read, equal_nan=True)


def as_python(cell: str) -> float | None:
    """Return the number that Python reads in a cell, NaN for a missing one; None for text."""
    if cell.lower() in {"", "na", "n/a", "nan", "null", "?"}:
        return math.nan
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def test_text_far_down_makes_a_column_of_numbers_text(tmp_path, monkeypatch):
    """Beyond the cells that are looked at first, and in another block than they."""
    monkeypatch.setattr(delimited, "PEEKED", 10)
    monkeypatch.setattr(delimited, "BLOCK", 100)
    lines = [f"{i}.50,{i}" for i in range(200)]
    lines[150] = "n/a,n/a"
    lines[170] = "oak,1"
    table = table_of(tmp_path, "a,b\n" + "\n".join(lines) + "\n")
    assert table.columns["a"].numbers is None
    assert table.columns["a"][:2] == ["0.50", "1.50"]
    assert table.columns["a"][170] == "oak"
    assert table.columns["b"].numbers[[149, 151]].tolist() == [149, 151]
    assert math.isnan(table.columns["b"].numbers[150])
    assert table.error(170, "a", "no", "").message.startswith("line 172, column 'a'")


@pytest.mark.parametrize("long", [3_000, 200_000])
def test_a_row_longer_than_a_block(tmp_path, monkeypatch, long):
    monkeypatch.setattr(delimited, "BLOCK", 1_000)
    table = table_of(tmp_path, f"a,b\n1,x\n2,{'y' * long}\n")
    assert table.columns["b"][1] == "y" * long


def test_more_rows_than_the_head_lets_expect(tmp_path, monkeypatch):
    """As of a packed file, whose size tells nothing."""
    monkeypatch.setattr(delimited, "HEAD", 64)
    content = "a,b\n" + "".join(f"{i},{i / 8}\n" for i in range(5000))
    table = table_of(tmp_path, gzip.compress(content.encode(), mtime=0))
    assert table.columns["a"].numbers.tolist() == list(range(5000))
    assert table.columns["b"].numbers.tolist() == [i / 8 for i in range(5000)]


def test_text_of_numbers_is_that_of_the_file(tmp_path):
    table = table_of(tmp_path, "a,b\n01,1.50\n1e2,x\n-0, y\n")
    assert table.columns["a"].numbers.tolist() == [1, 100, 0]
    assert list(table.columns["a"]) == ["01", "1e2", "-0"]
    assert list(table.rows([2, 0]).columns["a"]) == ["-0", "01"]


def test_columns_whose_text_is_asked_for_stay_text(tmp_path):
    table = table_of(tmp_path, "a,b\n01,1\n2,3\n", texts=["a"])
    assert table.columns["a"].numbers is None
    assert list(table.columns["a"]) == ["01", "2"]


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="changed while it was read"):
        list(table.columns["a"])


@pytest.mark.parametrize(
    "pack",
    [lambda c: gzip.compress(c, mtime=0), bz2.compress]
    + [lambda c, n=name: pa.compress(c, codec=n, asbytes=True) for name in ("zstd",)],
)
def test_packed_files(tmp_path, pack):
    assert cells_of(table_of(tmp_path, pack(b"a,b\n1,x\n"))) == {"a": ["1"], "b": ["x"]}


@pytest.mark.parametrize("cut", [9, 20])
def test_a_packed_file_that_is_cut_off(tmp_path, cut):
    content = "a,b\n" + "".join(f"{i},{i * 0.37}\n" for i in range(300))
    with pytest.raises(DataError, match="cannot be unpacked"):
        table_of(tmp_path, gzip.compress(content.encode(), mtime=0)[:-cut])


TYPED = {
    "whole": pa.array([1, None, 2**40], pa.int64()),
    "float": pa.array([0.1, float("nan"), 1.0]),
    "half": pa.array([1.5, None, -2.0], pa.float32()),
    "money": pa.array([Decimal("1.50"), None, Decimal("-0.25")]),
    "flag": pa.array([True, None, False]),
    "word": pa.array([" oak ", None, "ash"]),
    "kind": pa.array(["x", "y", None]).dictionary_encode(),
    "day": pa.array([date(2024, 3, 3), None, date(1969, 12, 31)]),
    "time": pa.array(
        [datetime(2024, 3, 3, 10, 30), None, datetime(2024, 3, 4)], pa.timestamp("us")
    ),
    "none": pa.nulls(3),
}


def written(folder: Path, kind: str, columns: dict[str, pa.Array]) -> Path:
    path = folder / f"t.{kind}"
    table = pa.table(columns)
    if kind == "parquet":
        parquet.write_table(table, path, row_group_size=2)
    else:
        feather.write_feather(table, path, chunksize=2, compression="zstd")
    return path


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_columns_with_types(tmp_path, kind):
    table = read_table(written(tmp_path, kind, TYPED))
    numbers = {n: c.numbers.tolist() for n, c in table.columns.items() if c.numbers is not None}
    assert {name: [str(v) for v in values] for name, values in numbers.items()} == {
        "whole": ["1.0", "nan", str(float(2**40))],
        "float": ["0.1", "nan", "1.0"],
        "half": ["1.5", "nan", "-2.0"],
        "money": ["1.5", "nan", "-0.25"],
        "none": ["nan"] * 3,
    }
    assert cells_of(table) == {
        "whole": ["1", "", "1099511627776"],
        "float": ["0.1", "nan", "1"],
        "half": ["1.5", "", "-2"],
        "money": ["1.50", "", "-0.25"],
        "flag": ["True", "", "False"],
        "word": ["oak", "", "ash"],
        "kind": ["x", "y", ""],
        "day": ["2024-03-03", "", "1969-12-31"],
        "time": ["2024-03-03 10:30:00", "", "2024-03-04 00:00:00"],
        "none": ["", "", ""],
    }
    assert table.error(1, "word", "no", "").message == "row 2, column 'word': no"
    assert list(table.rows([2, 0]).columns["whole"]) == ["1099511627776", "1"]


def test_text_of_typed_cells_is_what_pandas_writes(tmp_path):
    """Days if all points in time are, zones at midnight too, and the digits of float32."""
    days = [datetime(2024, 3, 3), None, datetime(2024, 3, 4)]
    columns = {
        "day": pa.array(days, pa.timestamp("us")),
        "zoned": pa.array(days, pa.timestamp("us", "UTC")),
        "tenth": pa.array([0.1, None, 3.0], pa.float32()),
    }
    assert cells_of(read_table(written(tmp_path, "parquet", columns))) == {
        "day": ["2024-03-03", "", "2024-03-04"],
        "zoned": ["2024-03-03 00:00:00Z", "", "2024-03-04 00:00:00Z"],
        "tenth": ["0.1", "", "3"],
    }


def test_json_lines(tmp_path):
    rows = [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}]
    table = table_of(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    assert cells_of(table) == {"a": ["1.5", ""], "b": ["x", "y"]}


def test_columns_that_are_no_cells_are_errors_only_if_they_are_used(tmp_path):
    nested = pa.array([[1, 2], [3]])
    table = read_table(written(tmp_path, "parquet", {"a": pa.array([1, 2]), "pair": nested}))
    assert table.columns["a"].numbers.tolist() == [1, 2]
    with pytest.raises(DataError, match=r"column 'pair' has cells of type list") as caught:
        list(table.columns["pair"])
    assert "data.drop: [pair]" in caught.value.hint


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (b"PK\x03\x04rest", "an Excel workbook or another zip archive"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "text in UTF-16"),
        (b"\x93NUMPY", "a numpy array"),
    ],
)
def test_files_that_are_no_tables(tmp_path, begin, said):
    with pytest.raises(DataError, match=said) as caught:
        table_of(tmp_path, begin)
    assert "csv" in caught.value.hint


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
def test_a_typed_file_that_is_cut_off(tmp_path, name):
    path = written(tmp_path, name.removeprefix("t."), TYPED)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="cannot be"):
        read_table(path)


ROWS = "a,b,c\n1,x,2024-01-01\n2.50,,2024-01-02\n-0,y,\n1,x,2024-01-01\n"


def test_rows_have_the_same_keys_however_they_are_written(tmp_path):
    """In another order of columns, with numbers written otherwise, and in Parquet."""
    keys = row_keys(table_of(tmp_path, ROWS), ["a", "b", "c"])
    assert keys[0] == keys[3]
    assert len({*keys.tolist()}) == 3
    other = "c;a;b\n2024-01-01;1.0;x\n2024-01-02;2.5;NA\n;0;y\n2024-01-01;1e0;x\n"
    assert row_keys(table_of(tmp_path, other), ["c", "b", "a"]).tolist() == keys.tolist()
    typed = {
        "a": pa.array([1, 2.5, -0.0, 1]),
        "b": pa.array(["x", None, "y", "x"]),
        "c": pa.array([date(2024, 1, 1), date(2024, 1, 2), None, date(2024, 1, 1)]),
    }
    stored = read_table(written(tmp_path, "parquet", typed))
    assert row_keys(stored, ["a", "b", "c"]).tolist() == keys.tolist()


def test_rows_keep_their_keys_when_text_makes_a_column_text(tmp_path):
    """A new row does not change the old ones."""
    keys = row_keys(table_of(tmp_path, ROWS), ["a", "b", "c"])
    more = row_keys(table_of(tmp_path, f"{ROWS}oak,x,2024-01-01\n"), ["a", "b", "c"])
    assert more[:4].tolist() == keys.tolist()


def test_keys_of_rows_are_those_that_run_folders_hold(tmp_path):
    """What is hashed is stated in words: a version that hashes other things must say so."""

    def text(said: str) -> int:
        return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "little")

    def mixed(value: int) -> int:
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
        return value ^ (value >> 31)

    def key(*cells: tuple[str, int]) -> int:
        return mixed(sum(mixed((code + text(name)) % 2**64) for name, code in cells) % 2**64)

    one_half, nothing = 0x3FE0000000000000, 0x7FF8000000000001
    wanted = [
        key(("a", one_half), ("b", text("oak"))),
        key(("a", nothing), ("b", nothing)),
    ]
    keys = row_keys(table_of(tmp_path, "a,b\n0.50, oak\nNA,\n"), ["a", "b"])
    assert [value % 2**64 for value in keys.tolist()] == wanted


def test_rows_that_differ_in_their_columns_differ(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n2,1\nx,y\ny,x\n")
    assert len({*row_keys(table, ["a", "b"]).tolist()}) == 4


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=30, unique=True))
def test_different_numbers_have_different_keys(tmp_path_factory, values):
    text = "a\n" + "".join(f"{value!r}\n" for value in values)
    keys = row_keys(table_of(tmp_path_factory.mktemp("k"), text, delimiter=","), ["a"])
    assert len({*keys.tolist()}) == len({*values})
