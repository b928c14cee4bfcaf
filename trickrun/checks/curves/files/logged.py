"""Another tool's log as columns of numbers: read from CSV, JSON lines or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.data.formats import paths
from trickrun.errors import DataError

MOST_BYTES = 64 * 2**20
"""Bytes of a log. A line an epoch takes a hundred; 64 MB are half a million logged steps."""

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
"""How the names of the files end that are read here."""

Column = list[float | None]
"""A value for each row; None: the row has none. NaN and infinity are kept."""


@dataclass(frozen=True)
class Logged:
    """What a tool logged.

    Args:
        path: the file or folder.
        columns: by name, all of one length; only those of which each value is a number.
        places: where each row stands, for messages: ``line 7``, ``step 100``.
        notes: what people should know of how it was read.
        others: the names of the columns that are left out because they hold other things.
    """

    path: Path
    columns: dict[str, Column]
    places: Sequence[str]
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def read_logged(path: Path) -> Logged:
    """Read a log that is text.

    Raises DataError if it is missing, too large, or has another form.
    """
    size = checked_size(path)
    if size == 0:
        raise DataError("this file is empty", str(path))
    text = paths.decoded(path)
    if path.suffix in (".csv", ".tsv"):
        return from_csv(path, text)
    if path.suffix == ".json":
        return from_json(path, text)
    return from_lines(path, text)


def checked_size(path: Path) -> int:
    """Return the size of a log. Raises DataError if it is missing, or too large."""
    paths.check_file(path)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise DataError(
            f"this log has {size / 2**20:.0f} MB, and at most {MOST_BYTES // 2**20} are read",
            str(path),
            "log fewer steps, or keep the evaluations only",
        )
    return size


def from_csv(path: Path, text: str) -> Logged:
    """Return a table with a header; an empty cell is no value. Raises DataError."""
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        rows = [
            (reader.line_num, row)
            for reader in [csv.reader(io.StringIO(text), delimiter=separator, strict=True)]
            for row in reader
            if row
        ]
    except csv.Error as error:
        raise DataError(f"this is no CSV: {error}", str(path)) from error
    if not rows:
        raise DataError("this file is empty", str(path))
    (_, header), body = rows[0], rows[1:]
    names = [name.strip() for name in header]
    if any(number(name) is not None for name in names):
        raise DataError(
            "its first line has numbers, not the names of columns",
            str(path),
            "add a line such as epoch,train_loss,val_loss",
        )
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise DataError(f"two columns are named {double!r}", str(path))
    for line, row in body:
        if len(row) != len(names):
            raise DataError(
                f"line {line} has {len(row)} values, and the header names {len(names)}", str(path)
            )
    if not body:
        raise DataError("it has a header and no rows", str(path))
    places = [f"line {line}" for line, _ in body]
    cells = {name: [row[index] for _, row in body] for index, name in enumerate(names)}
    return of_cells(path, cells, places)


def from_lines(path: Path, text: str) -> Logged:
    """Return a log with a JSON object in each line. Raises DataError."""
    rows, places = [], []
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            rows.append(as_object(path, line, f"line {place}"))
            places.append(f"line {place}")
    return of_objects(path, rows, places)


def from_json(path: Path, text: str) -> Logged:
    """Return a JSON file: a list of objects, the ``log_history`` of a trainer_state.json, or a
    history as Keras has it, a list of numbers for each name. Raises DataError."""
    content = parsed(path, text, "")
    if isinstance(content, dict) and isinstance(content.get("log_history"), list):
        # The last line of a finished training has the means of the whole run.
        content = [
            row
            for row in content["log_history"]
            if not (isinstance(row, dict) and "train_runtime" in row)
        ]
    if isinstance(content, list):
        rows = [row for row in content if isinstance(row, dict)]
        if len(rows) == len(content):
            return of_objects(path, rows, [f"entry {place}" for place in range(1, len(rows) + 1)])
    if isinstance(content, dict):
        lists = {str(k): v for k, v in content.items() if isinstance(v, list)}
        if lists and len({len(values) for values in lists.values()}) == 1:
            count = len(next(iter(lists.values())))
            places = [f"entry {place}" for place in range(1, count + 1)]
            return of_cells(path, lists, places)
    raise DataError(
        "this JSON is no log: it has neither a list of objects, nor log_history, nor lists of one "
        "length by name",
        str(path),
    )


def of_objects(path: Path, rows: Sequence[Mapping[str, Any]], places: Sequence[str]) -> Logged:
    """Return objects as columns; a name that an object lacks is no value there."""
    flat = [dict(leaves(row)) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    return of_cells(path, {name: [row.get(name) for row in flat] for name in names}, places)


def of_cells(path: Path, cells: Mapping[str, Iterable[Any]], places: Sequence[str]) -> Logged:
    """Return the columns of which each value is a number. Raises DataError if none is."""
    columns: dict[str, Column] = {}
    others = []
    for name, values in cells.items():
        column = as_column(values)
        if column is None:
            others.append(name)
        elif any(value is not None for value in column):
            columns[name] = column
    if not columns:
        told = f"; there are {', '.join(others)}" if others else ""
        raise DataError(f"no column holds numbers{told}", str(path))
    return Logged(path, columns, places, others=tuple(others))


def as_column(values: Iterable[Any]) -> Column | None:
    """Return values as numbers; None if one of them is something else."""
    found: Column = []
    for value in values:
        if value is None or (isinstance(value, str) and not value.strip()):
            found.append(None)
        elif (read := number(value)) is None:
            return None
        else:
            found.append(read)
    return found


def number(value: Any) -> float | None:
    """Return a number, or a text that is one, as a float; None if it is none. NaN is one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def leaves(value: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    """Return what an object and the objects in it hold, each by its path: ``val.loss``."""
    found: list[tuple[str, Any]] = []
    for key, inner in value.items():
        name = f"{path}.{key}" if path else str(key)
        found += leaves(inner, name) if isinstance(inner, dict) else [(name, inner)]
    return found


def as_object(path: Path, line: str, place: str) -> dict[str, Any]:
    """Return a line as a JSON object. Raises DataError."""
    value = parsed(path, line, place)
    if not isinstance(value, dict):
        raise DataError(f"{place} is no JSON object", str(path))
    return value


def parsed(path: Path, text: str, place: str) -> Any:
    """Return what JSON says; NaN and Infinity are numbers, as Python writes them."""
    where = f"{place}: " if place else ""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise DataError(f"{where}it is nested too deeply", str(path)) from error
    except ValueError as error:
        raise DataError(f"{where}this is no JSON: {error}", str(path)) from error


LARGEST = 1e100
"""Beyond it a number counts as infinite: means and squares of such losses would be."""


def is_finite(value: float | None) -> bool:
    """Whether there is a value, and it is finite."""
    return value is not None and abs(value) < LARGEST
