"""Tables as an exported program reads them: features by name, in the order of the network's."""

from __future__ import annotations

import csv
import io
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trickrun.data.formats.cells import number
from trickrun.data.formats.dates import cyclic, days_of, read_date
from trickrun.data.formats.numerals import Notation
from trickrun.export.plain.files import CannotRead, content_of, read_idx, read_npz

Table = dict[str, list[str]]
"""The text of each column's cells."""


def read(path: Path, said: dict[str, Any]) -> tuple[torch.Tensor, Table]:
    """Return the samples [N, *shape] of a file, before they are normalized, and its columns."""
    if path.suffix == ".npz":
        return read_npz(path, said), {}
    if path.name.removesuffix(".gz").endswith("-ubyte"):
        return read_idx(path, said), {}
    table = read_table(path, said["delimiter"], said["header"])
    return samples_of(table, said, path), table


def read_numbers(path: Path, said: dict[str, Any]) -> tuple[torch.Tensor, Table]:
    """Return the samples [N, *shape] of a file, of which a table has numbers alone, and its
    columns."""
    if path.suffix == ".npz":
        return read_npz(path, said), {}
    if path.name.removesuffix(".gz").endswith("-ubyte"):
        return read_idx(path, said), {}
    table = read_table(path, said["delimiter"], said["header"])
    features = said["features"] or [name for name in table if name not in said["targets"]]
    shape = said["shape"]
    if len(features) != prod(shape):
        raise CannotRead(f"{path}: {len(features)} columns, but samples are {shape}")
    columns = [finite(table, name, path) for name in features]
    return torch.tensor(columns, dtype=torch.float64).t().reshape(-1, *shape), table


def finite(table: Table, name: str, path: Path) -> list[float]:
    """Return the numbers of a column."""
    if name not in table:
        raise CannotRead(f"{path}: there is no column {name!r}")
    found = []
    for row, cell in enumerate(table[name], 1):
        value = number(cell)
        if value is None or not isfinite(value):
            raise CannotRead(f"{path}: {cell!r} of {name!r} in sample {row} is not a number")
        found.append(value)
    return found


def read_table(path: Path, delimiter: str | None, header: bool) -> Table:
    """Return the columns of a table: csv, or Parquet, Arrow or JSON lines, which need pyarrow."""
    kind = path.suffix.lower()
    if kind in (".parquet", ".arrow", ".feather", ".jsonl", ".ndjson"):
        return read_columnar(path, kind)
    text = content_of(path).decode("utf-8-sig")
    delimiter = delimiter or find_delimiter(text)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if not rows:
        raise CannotRead(f"{path}: the table is empty")
    names = [name.strip() for name in rows[0]]
    if not header:
        names = [f"c{n}" for n in range(1, len(names) + 1)]
        rows = [names, *rows]
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise CannotRead(f"{path}: row {line} has {len(row)} cells, not {len(names)}")
    columns = zip(*rows[1:], strict=True) if rows[1:] else [()] * len(names)
    return {
        name: [cell.strip() for cell in cells] for name, cells in zip(names, columns, strict=True)
    }


def find_delimiter(text: str) -> str:
    """Return the sign that divides the cells of the first lines evenly, and into the most."""

    def quality(delimiter: str) -> tuple[bool, int]:
        head = io.StringIO("\n".join(text.splitlines()[:20]), newline="")
        widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        return len(set(widths)) == 1 and widths[0] > 1, max(widths, default=0)

    return max((",", ";", "\t", "|"), key=quality)


def read_columnar(path: Path, kind: str) -> Table:
    """Return the columns of a Parquet, Arrow or JSON lines file as text."""
    if kind == ".parquet":
        from pyarrow import parquet

        table = parquet.read_table(path)
    elif kind in (".jsonl", ".ndjson"):
        from pyarrow import json as pyarrow_json

        table = pyarrow_json.read_json(path)
    else:
        from pyarrow import feather

        table = feather.read_table(path)
    return {
        name: [as_text(value) for value in table.column(name).to_pylist()]
        for name in table.column_names
    }


def as_text(value: object) -> str:
    """Return a stored value as a csv file would have it; nothing for a missing one."""
    if value is None or value != value:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def samples_of(table: Table, said: dict[str, Any], path: Path) -> torch.Tensor:
    """Return the network's features [N, *shape] of a table: numbers as they are, 0/1 features and
    indices of categories, and missing values filled in as in training."""
    rows = len(next(iter(table.values()), []))
    types = {each["name"]: each for each in said["types"] if each["kind"] != "left_out"}
    parts = date_parts(table, types, said, path)
    known = {each["column"]: each for each in said["categories"]}
    features = said["features"] or [name for name in table if name not in said["targets"]]
    x = np.zeros((rows, len(features)))
    for place, feature in enumerate(features):
        if feature in parts:
            x[:, place] = parts[feature]
        elif feature in known:
            x[:, place] = indices(table, known[feature], said, path)
        elif feature in table:
            x[:, place] = numbers(table, feature, types.get(feature), said, path)
        else:
            x[:, place] = one_hot(table, feature, known, said, path)
    check_categories(table, features, known, said, path)
    if said["fills"]:
        x = np.where(np.isnan(x), np.array(said["fills"]), x)
    if np.isnan(x).any():
        row, place = np.argwhere(np.isnan(x))[0]
        raise CannotRead(f"{path}: no value of {features[place]!r} in sample {row + 1}")
    shape = said["shape"]
    if len(features) != prod(shape):
        raise CannotRead(f"{path}: {len(features)} columns, but samples are {shape}")
    return torch.from_numpy(x).reshape(-1, *shape)


def is_missing(cell: str, said: dict[str, Any]) -> bool:
    """Whether a cell has no value."""
    if cell.lower() in said["missing_words"]:
        return True
    return bool(said["missing_numbers"]) and number(cell) in said["missing_numbers"]


def numbers(
    table: Table, name: str, wanted: dict[str, Any] | None, said: dict[str, Any], path: Path
) -> np.ndarray[Any, Any]:
    """Return a column's numbers [N], NaN where one is missing."""
    values = np.full(len(table[name]), np.nan)
    for row, cell in enumerate(table[name]):
        if is_missing(cell, said):
            continue
        value = one_number(cell, wanted)
        if value is None or not np.isfinite(value):
            raise CannotRead(f"{path}: {cell!r} of {name!r} in sample {row + 1} is not a number")
        values[row] = value
    return values


def one_number(cell: str, wanted: dict[str, Any] | None) -> float | None:
    """Return the number that a cell says, as its column was read in training, or None."""
    kind = "plain" if wanted is None else wanted["kind"]
    if wanted is None or kind == "category":
        return number(cell)
    if kind == "boolean":
        words = dict.fromkeys(("true", "yes", "y", "t", "on", "1"), 1.0)
        words |= dict.fromkeys(("false", "no", "n", "f", "off", "0"), 0.0)
        return words.get(cell.lower())
    if kind == "date":
        date = read_date(cell, wanted["format"])
        return None if date is None else days_of(date)
    if wanted["decimal"] == "." and (plain := number(cell)) is not None:
        return plain
    found = Notation(wanted["decimal"], wanted["thousands"]).read(cell)
    return None if found is None else found.value


def date_parts(
    table: Table, types: dict[str, Any], said: dict[str, Any], path: Path
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the features [N] that are made of parts of dates, such as the weekday."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, wanted in types.items():
        if wanted["kind"] == "date" and wanted["parts"] and name in table:
            days = numbers(table, name, wanted, said, path)
            for part in wanted["parts"]:
                waves = cyclic(days, part)
                found |= {
                    f"{name}.{part}_{w}": v for w, v in zip(("sin", "cos"), waves, strict=True)
                }
    return found


def category(cell: str, said: dict[str, Any]) -> str:
    """Return the category that a cell names."""
    return "(missing)" if is_missing(cell, said) else cell


def indices(
    table: Table, known: dict[str, Any], said: dict[str, Any], path: Path
) -> np.ndarray[Any, Any]:
    """Return the index [N] of each cell's category; 0 is the unknown one."""
    if known["column"] not in table:
        raise CannotRead(f"{path}: there is no column {known['column']!r}")
    places = {text: place for place, text in enumerate(known["known"], 1)}
    places |= dict.fromkeys(known["shared"], 0)
    found = []
    for row, cell in enumerate(table[known["column"]]):
        text = category(cell, said)
        if text not in places and said["unseen"] == "error":
            raise CannotRead(f"{path}: {text!r} in sample {row + 1} is no known category")
        found.append(places.get(text, 0))
    return np.array(found, dtype=np.float64)


def one_hot(
    table: Table, feature: str, known: dict[str, Any], said: dict[str, Any], path: Path
) -> np.ndarray[Any, Any]:
    """Return the 0/1 feature [N] of a category, such as ``color=red``."""
    name = column_of(table, feature, path)
    wanted = feature.removeprefix(f"{name}=")
    if name in known:
        place = indices(table, known[name], said, path)
        names = ["(rare)", *known[name]["known"]]
        return np.where(place == names.index(wanted), 1.0, 0.0)
    texts = [category(cell, said) for cell in table[name]]
    return np.array([float(text == wanted) for text in texts])


def column_of(table: Table, feature: str, path: Path) -> str:
    """Return the column of a feature like ``color=red``."""
    names = [name for name in table if feature.startswith(f"{name}=")]
    if not names:
        raise CannotRead(f"{path}: there is no column for the feature {feature!r}")
    return max(names, key=len)


def check_categories(
    table: Table, features: list[str], known: dict[str, Any], said: dict[str, Any], path: Path
) -> None:
    """Raise CannotRead for a category that was not there in training."""
    own: dict[str, set[str]] = {}
    for feature in features:
        if feature not in table and "=" in feature:
            name = column_of(table, feature, path)
            own.setdefault(name, set()).add(feature.removeprefix(f"{name}="))
    for name, texts in own.items():
        if name in known or name in features:
            continue
        for row, cell in enumerate(table[name]):
            if category(cell, said) not in texts:
                raise CannotRead(f"{path}: {cell!r} in sample {row + 1} is no known {name!r}")
