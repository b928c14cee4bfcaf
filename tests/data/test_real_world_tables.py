"""Tables as people have them: what each becomes, by values that are computed without the reader.

``before`` says what the version before types of columns, and before tables were read by pyarrow,
made of the same file: the error, or the features.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from trickrun.data._data import Split
from trickrun.data.csv import Csv
from trickrun.data.formats.asked import AskedType
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import Source, Task
from trickrun.errors import DataError


@dataclass(frozen=True)
class Case:
    """A file, the recipe's words about it, and what must come of them.

    Args:
        name: what it is about.
        content: of the file; a function writes it itself, to the path that it gets.
        before: what the version before made of it, with as many of ``params`` as it knew; it was
            run to see.
        inputs: of each feature, its values.
        target: the classes' names of the rows, or the values.
        params: beside path and target, which is y.
        notes: what the notes say, in this order.
        fails: what an error says instead, message and hint.
    """

    name: str
    content: str | bytes | Callable[[Path], None]
    before: str
    inputs: Mapping[str, Sequence[float]] = field(default_factory=dict)
    target: Sequence[Any] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    fails: str = ""

    def load(self, folder: Path) -> Source:
        path = folder / "t.csv"
        if callable(self.content):
            self.content(path)
        else:
            content = self.content
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Csv(**{"path": "t.csv", "target": "y", **self.params}).load(folder)


def typed(**kinds: Any) -> dict[str, AskedType]:
    return {
        name: AskedType(**said) if isinstance(said, dict) else AskedType(kind=said)
        for name, said in kinds.items()
    }


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def column(header: str, cells: Sequence[object], quote: str = "") -> str:
    """A column x, and classes a and b in turn."""
    return lines(header, *(f"{quote}{c}{quote},{'ab'[i % 2]}" for i, c in enumerate(cells)))


def days(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()


def moments(*times: datetime) -> list[float]:
    return [time.replace(tzinfo=time.tzinfo or UTC).timestamp() / 86400 for time in times]


TYPED = {
    "x": pa.array([1.5, 2.5, 3.5, 4.5]),
    "n": pa.array([7, 8, 7, 9], pa.int64()),
    "flag": pa.array([True, False, True, True]),
    "day": pa.array([date(2024, 3, 3), date(2024, 3, 4), date(1969, 12, 31), date(2000, 2, 29)]),
    "y": pa.array(["a", "b", "a", "b"]),
}
OF_TYPED = {
    "x": [1.5, 2.5, 3.5, 4.5],
    "n": [7, 8, 7, 9],
    "flag": [1, 0, 1, 1],
    "day": [days(2024, 3, 3), days(2024, 3, 4), -1, days(2000, 2, 29)],
}
SECONDS = [1_704_067_200 + i * 37 for i in range(40)]

PLAIN = lines("x,y", "1.5,a", "2,b", "-3e1,a")
OF_PLAIN = {"x": [1.5, 2, -30]}
ABA = ["a", "b", "a"]

CASES = [
    Case("plain numbers", PLAIN, "the same", OF_PLAIN, ABA),
    Case("byte order mark", "\ufeff" + PLAIN, "the same", OF_PLAIN, ABA),
    Case("lines of Windows", PLAIN.replace("\n", "\r\n"), "the same", OF_PLAIN, ABA),
    Case("blank lines", PLAIN.replace("\n", "\n\n"), "the same", OF_PLAIN, ABA),
    Case("no end of line at the end", PLAIN[:-1], "the same", OF_PLAIN, ABA),
    Case(
        "blanks around cells",
        lines("x , y", " 1.5, a", "2 ,b ", "-3e1,a"),
        "the same",
        OF_PLAIN,
        ABA,
    ),
    Case("tabs", PLAIN.replace(",", "\t"), "the same", OF_PLAIN, ABA),
    Case("pipes", PLAIN.replace(",", "|"), "the same", OF_PLAIN, ABA),
    Case("gz", gzip.compress(PLAIN.encode(), mtime=0), "the same", OF_PLAIN, ABA),
    Case(
        "zstd",
        pa.compress(PLAIN.encode(), codec="zstd", asbytes=True),
        "error: this is not text in UTF-8 (byte 1)",
        OF_PLAIN,
        ABA,
    ),
    Case(
        "quoted line ends and delimiters",
        'x,text,y\n1,"two\nlines, one cell",a\n2,plain,b\n3,"two\nlines, one cell",a\n',
        "the same",
        {"x": [1, 2, 3], "text=plain": [0, 1, 0], "text=two\nlines, one cell": [1, 0, 1]},
        ABA,
    ),
    Case(
        "no header",
        lines("1.5,7,a", "2.5,8,b", "3.5,7,a"),
        "the same",
        {"c1": [1.5, 2.5, 3.5], "c2": [7, 8, 7]},
        ABA,
        {"header": False, "target": "c3"},
    ),
    Case(
        "no header, not said",
        lines("1.5,7,a", "2.5,8,b"),
        "error: the first line looks like a sample, not like names: 1.5, 7, a",
        fails="data.header: false",
    ),
    Case(
        "two columns of one name",
        lines("x,x,y", "1,2,a"),
        "error: several columns are named 'x'",
        fails="named 'x'",
    ),
    Case(
        "decimal commas between semicolons",
        lines("x;z;y", "3,5;1;a", "0,125;2;b", "-7;2;a"),
        "classification, features: x=-7, x=0,125, x=3,5, z",
        {"x": [3.5, 0.125, -7], "z": [1, 2, 2]},
        ABA,
        notes=["x: numbers ('3,5'), read as with data.decimal: \",\""],
    ),
    Case(
        "decimal commas, said",
        lines("x;y", "3,500;a", "1,250;b", "7;a"),
        "classification, features: x=1,250, x=3,500, x=7",
        {"x": [3.5, 1.25, 7]},
        ABA,
        {"decimal": ","},
    ),
    Case(
        "German thousands and decimals",
        lines("x;y", "1.050,25;a", "12,5;b", "1.234.567,0;a"),
        "classification, features: x=1.050,25, x=1.234.567,0, x=12,5",
        {"x": [1050.25, 12.5, 1234567]},
        ABA,
        notes=['data.decimal: "," and data.thousands: "."'],
    ),
    Case(
        "German whole numbers beside decimal commas are asked about",
        lines("x;z;y", "1,5;1.050;a", "2,5;2.500;b"),
        "classification, features: x=1,5, x=2,5, z",
        params={"decimal": ","},
        fails="the points in column 'z' may separate thousands ('1.050')|data.thousands: \".\"",
    ),
    Case(
        "German whole numbers, said",
        lines("x;z;y", "1,5;1.050;a", "2,5;950;b", "3;12.000;a"),
        "classification, features: x=1,5, x=2,5, x=3, z",
        {"x": [1.5, 2.5, 3], "z": [1050, 950, 12000]},
        ABA,
        {"decimal": ",", "thousands": "."},
    ),
    Case(
        "1,050 may be either",
        column("x,y", ["1,050", "2,500", "1,050", "2,500"], '"'),
        "the same",
        {"x=1,050": [1, 0, 1, 0], "x=2,500": [0, 1, 0, 1]},
        "abab",
        notes=["x: 2 texts that look like numbers ('1,050'), treated as categories: set data."],
    ),
    Case(
        "1,050 may be either, and is no category",
        column("x,y", [f"{1 + i},{100 + i}" for i in range(30)], '"'),
        "error: column 'x' has 30 different texts in 30 rows, such as '1,100': too many"
        " for categories",
        fails="column 'x' has 30 texts that look like numbers ('1,100')"
        '|set data.decimal: "," or data.thousands: ",", or data.types: {x: category}',
    ),
    Case(
        "1,050, said",
        column("x,y", ["1,050", "950", "(2,500)", "1,234,567.5"], '"'),
        "classification, features: x=(2,500), x=1,050, x=1,234,567.5, x=950",
        {"x": [1050, 950, -2500, 1234567.5]},
        "abab",
        {"thousands": ","},
    ),
    Case(
        "thousands that are plain from two groups",
        column("x,y", ["1,234,567", "2,500", "1,050", "2,500"], '"'),
        "classification, features: x=1,050, x=1,234,567, x=2,500",
        {"x": [1234567, 2500, 1050, 2500]},
        "abab",
        notes=['data.thousands: ","'],
    ),
    Case(
        "Swiss thousands",
        column("x,y", ["1'050.5", "2\u2019500", "7"]),
        "classification, features: x=1'050.5, x=2’500, x=7",
        {"x": [1050.5, 2500, 7]},
        ABA,
        notes=['data.thousands: "\'"'],
    ),
    Case(
        "French thousands and decimals",
        lines("x;y", "1\u202f050,5;a", "12\u00a0500;b", "7,25;a"),
        "classification, features: x=12 500, x=1 050,5, x=7,25",
        {"x": [1050.5, 12500, 7.25]},
        ABA,
        notes=['data.decimal: "," and data.thousands: " "'],
    ),
    Case(
        "dollars",
        column("x,y", ["$1,050.25", "$3.50", "-$7.00"], '"'),
        "classification, features: x=$1,050.25, x=$3.50, x=-$7.00",
        {"x": [1050.25, 3.5, -7]},
        ABA,
        notes=["x: numbers"],
    ),
    Case(
        "euros behind",
        lines("x;y", "3,50\u00a0€;a", "12,00 €;b", "1.050,99 €;a"),
        "classification, features: x=1.050,99 €, x=12,00 €, x=3,50 €",
        {"x": [3.5, 12, 1050.99]},
        ABA,
    ),
    Case(
        "dollars and euros are asked about",
        column("x,y", ["$3.50", "€4.50", "$3.50", "€4.50"]),
        "the same",
        {"x=$3.50": [1, 0, 1, 0], "x=€4.50": [0, 1, 0, 1]},
        "abab",
        notes=["one unit for all"],
    ),
    Case(
        "percent, as written",
        column("x,y", ["25 %", "7.5%", "-3%"]),
        "classification, features: x=-3%, x=25 %, x=7.5%",
        {"x": [25, 7.5, -3]},
        ABA,
        notes=["x: numbers with %, read without it ('25 %' is 25)"],
    ),
    Case(
        "units stay words",
        column("x,y", ["5 kg", "7 kg", "5 kg", "7 kg"]),
        "the same",
        {"x=5 kg": [1, 0, 1, 0], "x=7 kg": [0, 1, 0, 1]},
        "abab",
    ),
    Case(
        "ISO dates",
        column("x,y", ["2024-03-03", "1969-12-31", "2000-02-29"]),
        "classification, features: x=1969-12-31, x=2000-02-29, x=2024-03-03",
        {"x": [days(2024, 3, 3), -1, days(2000, 2, 29)]},
        ABA,
        notes=["x: dates (ISO 8601), read as days since 1970-01-01"],
    ),
    Case(
        "ISO times in several zones",
        column("x,y", ["2024-03-03T10:30:00+02:00", "2024-03-03T08:30:00Z", "1970-01-01T18:00Z"]),
        "classification, features: x=1970-01-01T18:00Z, x=2024-03-03T08:30:00Z, "
        "x=2024-03-03T10:30:00+02:00",
        {
            "x": moments(
                datetime(2024, 3, 3, 8, 30), datetime(2024, 3, 3, 8, 30), datetime(1970, 1, 1, 18)
            )
        },
        ABA,
        notes=["since 1970-01-01, in UTC"],
    ),
    Case(
        "parts of dates",
        column("x,y", ["2024-01-01 06:00", "2024-04-03 12:00", "2024-07-07 00:00"]),
        "classification, features: x=2024-01-01 06:00, x=2024-04-03 12:00, x=2024-07-07 00:00",
        {
            "x": [days(2024, 1, 1) + 0.25, days(2024, 4, 3) + 0.5, days(2024, 7, 7)],
            "x.month_sin": [0, 1, 0],
            "x.month_cos": [1, 0, -1],
            # Monday, Wednesday, Sunday.
            "x.weekday_sin": np.sin(2 * np.pi * np.array([0, 2, 6]) / 7),
            "x.weekday_cos": np.cos(2 * np.pi * np.array([0, 2, 6]) / 7),
            "x.hour_sin": [1, 0, 0],
            "x.hour_cos": [0, -1, 1],
        },
        ABA,
        {"date_parts": ["month", "weekday", "hour"]},
    ),
    Case(
        "European dates, said",
        column("x,y", ["03/04/2024", "31/12/1999", "01/01/1970"]),
        "classification, features: x=01/01/1970, x=03/04/2024, x=31/12/1999",
        {"x": [days(2024, 4, 3), days(1999, 12, 31), 0]},
        ABA,
        {"types": typed(x={"kind": "date", "format": "%d/%m/%Y"})},
    ),
    Case(
        "dates with points, for all columns",
        column("x,y", ["03.04.2024", "31.12.1999", "01.01.1970"]),
        "classification, features: x=01.01.1970, x=03.04.2024, x=31.12.1999",
        {"x": [days(2024, 4, 3), days(1999, 12, 31), 0]},
        ABA,
        {"date_format": "%d.%m.%Y"},
    ),
    Case(
        "AM and PM",
        column("x,y", ["3/4/2024 1:30 PM", "12/31/1999 12:00 AM", "1/1/1970 6:00 AM"]),
        "classification, features: x=1/1/1970 6:00 AM, x=12/31/1999 12:00 AM, x=3/4/2024 1:30 PM",
        {"x": [days(2024, 3, 4) + 13.5 / 24, days(1999, 12, 31), 0.25]},
        ABA,
        {"date_format": "%m/%d/%Y %I:%M %p"},
    ),
    Case(
        "dates of either order are asked about",
        column("x,y", [f"{1 + i % 12:02}/{1 + i // 3:02}/2024" for i in range(30)]),
        "error: column 'x' has 30 different texts in 30 rows, such as '01/01/2024': too"
        " many for categories",
        fails="that look like dates ('01/01/2024')|format: \"%d/%m/%Y\"}} (or %m/%d/%Y",
    ),
    Case(
        "dates of one order are asked about with the one",
        column("x,y", [f"{1 + i:02}/02/{2000 + i % 3}" for i in range(28)]),
        "error: column 'x' has 28 different texts in 28 rows, such as '01/02/2000': too"
        " many for categories",
        fails="that look like dates ('01/02/2000')|format: \"%d/%m/%Y\"}}, or data.types: {x: cat",
    ),
    Case(
        "compact dates, said",
        column("x,y", [20240303, 19991231, 19700102]),
        "classification of a, b",
        {"x": [days(2024, 3, 3), days(1999, 12, 31), 1]},
        ABA,
        {"types": typed(x="date")},
    ),
    Case(
        "Namibia is a country",
        column("x,y", ["NA", "DE", "NA", "DE"]),
        "error: line 2, column 'x': the value is missing, as in 2 of the column's 4 cells",
        {"x=DE": [0, 1, 0, 1], "x=NA": [1, 0, 1, 0]},
        "abab",
        {"missing_values": []},
    ),
    Case(
        "Namibia, not said",
        column("x,y", ["NA", "DE", "NA", "DE"]),
        "error: line 2, column 'x': the value is missing, as in 2 of the column's 4 cells",
        fails="the value is missing|if 'NA' is a value, set data.missing_values",
    ),
    Case(
        "-999 and a point are missing",
        lines("x,z,y", "1,.,a", "-999,5,b", "3,7,a", "-999.0,9,b", "4,11,b"),
        "error: line 2, column 'z': '.' is not a number",
        {"x": [3, 4], "z": [7, 11]},
        ["a", "b"],
        {"missing_values": [-999, "."], "missing": "drop"},
    ),
    Case(
        "yes and no",
        column("x,y", ["Yes", "no", "YES", "no"]),
        "classification, features: x=YES, x=Yes, x=no",
        {"x": [1, 0, 1, 0]},
        "abab",
        notes=["x: yes or no, read as a 0/1 feature: 1 is YES"],
    ),
    Case(
        "T and F",
        column("x,y", ["T", "F", "F"]),
        "classification, features: x=F, x=T",
        {"x": [1, 0, 0]},
        ABA,
    ),
    Case(
        "true and false",
        column("x,y", ["true", "false", "false"]),
        "classification, features: x=false, x=true",
        {"x": [1, 0, 0]},
        ABA,
    ),
    Case(
        "postal codes are numbers, and it is said",
        column("zip,y", ["01234", "10001", "00501"]),
        "the same",
        {"zip": [1234, 10001, 501]},
        ABA,
        notes=["zip: numbers with leading zeros ('01234')"],
    ),
    Case(
        "postal codes, said",
        column("zip,y", ["01234", "10001", "01234"]),
        "classification, features: zip",
        {"zip=01234": [1, 0, 1], "zip=10001": [0, 1, 0]},
        ABA,
        {"types": typed(zip="category")},
    ),
    Case(
        "identifiers",
        lines("id,user_id,x,y", *(f"{900 + i * 7},u{i},{i % 5},{'ab'[i % 2]}" for i in range(30))),
        "error: column 'user_id' has 30 different texts in 30 rows, such as 'u0': too "
        "many for categories",
        {"x": [i % 5 for i in range(30)]},
        "ab" * 15,
        notes=["id, user_id: left out, as an identifier"],
    ),
    Case(
        "an index that pandas wrote",
        lines("Unnamed: 0,x,y", *(f"{i},{i % 5},{'ab'[i % 2]}" for i in range(30))),
        "classification, features: Unnamed: 0, x",
        {"x": [i % 5 for i in range(30)]},
        "ab" * 15,
        notes=["Unnamed: 0: left out"],
    ),
    Case(
        "days that are counted are a feature",
        lines("day,x,y", *(f"{i},{i % 5},{'ab'[i % 2]}" for i in range(30))),
        "the same",
        {"day": range(30), "x": [i % 5 for i in range(30)]},
        "ab" * 15,
    ),
    Case(
        "different floats are a feature",
        lines("id,x,y", *(f"{i / 8},{i * 1.37},{'ab'[i % 2]}" for i in range(30))),
        "the same",
        {"id": [i / 8 for i in range(30)], "x": [i * 1.37 for i in range(30)]},
        "ab" * 15,
    ),
    Case(
        "names and an empty column",
        lines("name,none,x,y", *(f"person {i},,{i % 5},{'ab'[i % 2]}" for i in range(30))),
        "error: column 'name' has 30 different texts in 30 rows, such as 'person 0': "
        "too many for categories",
        {"x": [i % 5 for i in range(30)]},
        "ab" * 15,
        notes=[
            "name: left out, because no two rows",
            "none: left out, because every cell is empty",
        ],
    ),
    Case(
        "whole numbers beyond 2^53",
        column("x,y", [2**53 + 2 * i + (i % 2) for i in (1, 5, 5)]),
        "the same",
        {"x": [float(2**53 + 3), float(2**53 + 11), float(2**53 + 11)]},
        ABA,
        notes=["x: whole numbers above 2^53"],
    ),
    Case(
        "labels that are written in several ways",
        lines("x,y", "5,1", "7,1.0", "5,01", "9,2"),
        "classification of 01, 1, 1.0, 2",
        {"x": [5, 7, 5, 9]},
        ["1", "1", "1", "2"],
        notes=["y: one class each: 1.0, 01 and 1"],
    ),
    Case(
        "a target with decimal commas is no class",
        lines("x;y", *(f"{i * i};{i % 3},5" for i in range(30))),
        "classification, features: x",
        fails="the target 'y' has 3 texts that look like numbers ('0,5')|set data.decimal: \",\"",
    ),
    Case(
        "a target with decimal commas, said",
        lines("x;y", *(f"{i * i};{i},5" for i in range(30))),
        "classification of 0,5, 1,5, 10,5, 11,5",
        {"x": [i * i for i in range(30)]},
        [i + 0.5 for i in range(30)],
        {"decimal": ","},
    ),
    Case(
        "a target in dollars",
        lines("x,y", *(f'{i * i},"${i},000,500.25"' for i in range(1, 31))),
        "error: line 2, column 'y': '$1,000,500.25' is text, but regression needs numbers",
        {"x": [i * i for i in range(1, 31)]},
        [i * 1e6 + 500.25 for i in range(1, 31)],
        {"task": "regression"},
    ),
    Case(
        "a target of dates",
        lines("x,y", *(f"{i * i},2024-01-{i:02}" for i in range(1, 31))),
        "error: line 2, column 'y': '2024-01-01' is text, but regression needs numbers",
        {"x": [i * i for i in range(1, 31)]},
        [days(2024, 1, i) for i in range(1, 31)],
        {"task": "regression"},
    ),
    Case(
        "seconds of an hour in 2024",
        column("x,y", SECONDS),
        "the same",
        {"x": SECONDS},
        "ab" * 20,
    ),
    Case(
        "Parquet",
        lambda path: parquet.write_table(pa.table(TYPED), path),
        "error: this is not text in UTF-8 (byte 24)",
        OF_TYPED,
        "abab",
    ),
    Case(
        "Feather",
        lambda path: feather.write_feather(pa.table(TYPED), path),
        "error: this is not text in UTF-8 (byte 8)",
        OF_TYPED,
        "abab",
    ),
    Case(
        "types leave out",
        lines("a,b,c,x,y", "1,u,7,1,a", "2,v,8,2,b", "3,w,9,3,a"),
        "classification, features: a, b=u, b=v, b=w, c, x",
        {"x": [1, 2, 3]},
        ABA,
        {"types": typed(a="id", b="text", c="drop")},
        notes=[
            "a: left out, as an identifier",
            "b: left out, because csv does not train on free text",
        ],
    ),
    Case(
        "a type of a column that is not there",
        PLAIN,
        "classification, features: x",
        params={"types": typed(xx="number")},
        fails="there is no column 'xx' (data.types)|did you mean 'x'?",
    ),
    Case(
        "a cell that is not of its type",
        column("x,y", ["2024-01-01", "soon", "2024-01-03"]),
        "classification, features: x=2024-01-01, x=2024-01-03, x=soon",
        params={"types": typed(x="date")},
        fails="line 3, column 'x': 'soon' is not a date in ISO 8601|format",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_table_becomes(tmp_path: Path, case: Case) -> None:
    if case.fails:
        message, _, hint = case.fails.partition("|")
        with pytest.raises(DataError) as caught:
            case.load(tmp_path)
        assert message in f"{caught.value.message} {caught.value.hint}"
        assert hint in caught.value.hint
        return
    source = case.load(tmp_path)
    x, y = source.parts["train"]
    assert source.task.features == (*case.inputs,)
    found = dict(zip(source.task.features, x.double().T.tolist(), strict=True))
    for name, wanted in case.inputs.items():
        assert found[name] == pytest.approx([*wanted], rel=1e-15, abs=1e-11)
    if source.task.kind == "classification":
        assert [source.task.labels[index] for index in y.tolist()] == [*case.target]
    else:
        assert y.flatten().tolist() == [*case.target]
    assert len(source.notes) >= len(case.notes)
    for said in case.notes:
        assert any(said in note for note in source.notes), source.notes


def test_a_line_for_many_columns_of_which_the_same_is_said(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(300)]
    rows = [",".join(["yes" if (i + j) % 2 else "no" for i in range(300)]) for j in range(4)]
    content = lines(
        ",".join([*names, "y"]), *(f"{row},{'ab'[j % 2]}" for j, row in enumerate(rows))
    )
    (note,) = Case("", content, "").load(tmp_path).notes
    assert note == (
        "c0, c1, c2, c3, c4, c5, c6, c7 and 292 more: yes or no, read as a 0/1 feature: 1 is yes"
    )


def test_how_cells_are_read_moves_no_sample(tmp_path: Path) -> None:
    """Rows are known by what their cells say."""
    content = lines("x;when;y", "1,5;03/04/2024;a", "2,5;04/05/2024;b", "-9;05/06/2024;a")
    ways: list[dict[str, Any]] = [
        {},
        {"decimal": ","},
        {"thousands": "."},
        {"missing_values": ["-9", "2,5"], "missing": "fill"},
        {"types": typed(x="category", when={"kind": "date", "format": "%d/%m/%Y"})},
        {"types": typed(when="drop")},
    ]
    keys = []
    for way in ways:
        source = Case("", content, "", params=way).load(tmp_path)
        assert source.identify is not None
        keys.append(source.identify().together().tolist())
    assert all(each == keys[0] for each in keys)


RECIPE = """name: r
data:
  kind: csv
  path: t.csv
  target: price
  batch_size: 16
  missing: fill
  missing_values: [-999]
  thousands: "."
  date_format: "%d/%m/%Y"
  date_parts: [month]
  types: {zip: category, memo: text}
  scale_targets: standard
  split: {val: 0.2, test: 0.2}
metrics: [mae]
model: {kind: mlp, hidden: [4]}
train: {epochs: 1, look_every: 0}
"""


def test_a_further_file_is_read_as_the_run_read_its_own(trickrun: Any, tmp_path: Path) -> None:
    """Trained, scored and predicted from the command line; the same rows give the same."""
    rows = [
        f"{1000 + i};{1 + i % 28:02}/{1 + i % 12:02}/2024;{['01234', '1234'][i % 2]};note {i % 3};"
        f"{'-999' if i % 7 == 0 else i % 5};{['Yes', 'no'][i % 3 == 0]};{1 + i % 9}.{100 + i},5 €"
        for i in range(60)
    ]
    header = "id;when;zip;memo;amount;member;price"
    (tmp_path / "t.csv").write_text(lines(header, *rows), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(RECIPE)
    trained = trickrun("train", "r.yaml", "--json")
    assert trained.code == 0, trained.err
    assert "price: numbers with €" in trained.err
    assert "id: left out, as an identifier" in trained.err
    own = trickrun("eval", "r", "--json")
    assert own.code == 0, own.err
    whole = trickrun("eval", "r", "--data", "t.csv", "--json").json["result"]
    predicted = trickrun("predict", "r", "t.csv", "--json").json["result"]
    actual = np.array([(1 + i % 9) * 1000 + 100 + i + 0.5 for i in range(60)])
    guess = np.array([row["price"] for row in predicted["predictions"]])
    assert whole["per_target"][0]["mae"] == pytest.approx(np.abs(guess - actual).mean(), rel=1e-6)
    assert predicted["notes"] == whole["notes"]
    assert "dates: when" in predicted["notes"][0]
    # Alone, no row leaves a doubt less than in training.
    (tmp_path / "one.csv").write_text(lines("when;zip;amount;member", "04/03/2024;1234;;yes"))
    alone = trickrun("predict", "r", "one.csv", "--json")
    assert alone.code == 0, alone.err
    (tmp_path / "bad.csv").write_text(lines("when;zip;amount;member", "2024-03-04;1234;1;yes"))
    refused = trickrun("predict", "r", "bad.csv")
    assert refused.code == 2
    assert (
        "line 2, column 'when': '2024-03-04' is not a date of the format '%d/%m/%Y'" in refused.err
    )


def test_targets_of_seconds_since_1970_are_scored_in_seconds(trickrun: Any, tmp_path: Path) -> None:
    rows = [f"{i % 11},{1_700_000_000 + 37 * i}" for i in range(60)]
    (tmp_path / "t.csv").write_text(lines("x,y", *rows))
    (tmp_path / "r.yaml").write_text(
        "name: r\ndata: {kind: csv, path: t.csv, target: y, scale_targets: standard, "
        "batch_size: 16}\nmodel: {kind: mlp, hidden: [4]}\ntrain: {epochs: 1, look_every: 0}\n"
    )
    assert trickrun("train", "r.yaml").code == 0
    told = trickrun("eval", "r", "--data", "t.csv", "--json").json["result"]["per_target"][0]
    predicted = trickrun("predict", "r", "t.csv", "--json").json["result"]["predictions"]
    actual = np.array([1_700_000_000 + 37 * i for i in range(60)], dtype=np.float64)
    guess = np.array([row["y"] for row in predicted])
    assert told["mae"] == pytest.approx(float(np.abs(guess - actual).mean()), rel=1e-6)
    assert told["mae"] < 37 * 60


def test_seconds_of_an_hour_stay_different_after_normalization(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(column("x,y", SECONDS))
    data = Csv(path="t.csv", target="y", split=Split(val=0, test=0))
    x = prepare(data, tmp_path).train.x
    wanted = (np.array(SECONDS) - np.mean(SECONDS)) / np.std(SECONDS)
    assert len(x.unique()) == len(SECONDS)
    assert x.flatten().tolist() == pytest.approx(wanted, abs=1e-6)


OLD = lines("flag,n,y", *(f"{i % 2 == 0},{i},{'ab'[i % 2]}" for i in range(30)))


def test_a_run_of_a_version_without_types_keeps_its_features(tmp_path: Path) -> None:
    """Two features of true and false, and the number of the row, as they were."""
    (tmp_path / "t.csv").write_text(OLD)
    task = Task("classification", 2, labels=("a", "b"), features=("flag=False", "flag=True", "n"))
    data = Csv(path="t.csv", target="y")
    assert data.load(tmp_path).task.features == ("flag",)
    wanted = [[i % 2, 1 - i % 2, i] for i in range(30)]
    found = data.load_for(tmp_path, task)
    assert found.parts["train"][0].tolist() == wanted
    assert found.task.features == task.features
    assert data.load_file(tmp_path / "t.csv", task, (3,)).x.tolist() == wanted
