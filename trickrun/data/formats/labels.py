"""Targets in arrays and tables: which task they ask for, class indices with names, or values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.cells import Cells, number
from trickrun.data.formats.encode import NO_TARGET, is_text, numbers, refuse_missing
from trickrun.data.formats.table import Table
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]


FEW = 20
"""Whole numbers with at most this many different values may be classes."""


def infer_kind(y: Array, where: str) -> Literal["classification", "regression"]:
    """Return the task that targets [N] or [N, targets] ask for, by their type.

    Raises DataError for a few different whole numbers in a float type: they may be either.
    """
    import numpy as np

    if y.dtype.kind != "f":
        return "classification"
    distinct = np.unique(y)
    if y[0].size == 1 and len(distinct) <= FEW and (distinct % 1 == 0).all():
        raise DataError(
            f"{len(distinct)} distinct whole numbers in a float type may be classes or values",
            where,
            "set task: classification or task: regression",
        )
    return "regression"


def as_values(y: Array, where: str) -> torch.Tensor:
    """Return float64 targets [N, targets]. Raises DataError for text, NaN or infinity."""
    import numpy as np
    import torch

    if y.dtype.kind in "US":
        raise DataError(
            f"regression needs numbers, but the targets are text such as {str(y.flat[0])!r}",
            where,
            "set task: classification",
        )
    if y.ndim > 2 or y.size == 0:
        raise DataError(f"targets are {list(y.shape)}", where, "[samples] or [samples, targets]")
    with np.errstate(over="ignore"):
        values = np.array(y, dtype=np.float64).reshape(len(y), -1)
    if not np.isfinite(values).all():
        first = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise DataError(f"the target of sample {first} is NaN or infinite", where, "remove it")
    return torch.from_numpy(values)


def as_classes(
    targets: Mapping[str, Array], labels: tuple[str, ...], where: str
) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Return int64 class indices [N] of each part, and the classes' names.

    Text is numbered in the order of ``labels``, or sorted; numbers must be 0..classes-1, and each
    must occur unless ``labels`` says how many classes there are. Raises DataError.
    """
    import numpy as np

    flat = {name: flat_labels(y, f"{where}: {name} y") for name, y in targets.items()}
    if flat["train"].dtype.kind in "US":
        names = labels or tuple(np.unique(flat["train"].astype(str)).tolist())
        return {
            name: index_of([str(label) for label in y], names, f"{where}: {name} y")
            for name, y in flat.items()
        }, names
    indices = {name: whole_numbers(y, f"{where}: {name} y") for name, y in flat.items()}
    count = len(labels) or int(indices["train"].max()) + 1
    for name, y in indices.items():
        check_range(y, count, f"{where}: {name} y")
    if not labels:
        check_no_gap(indices["train"], f"{where}: train y")
    return indices, labels or tuple(str(i) for i in range(count))


def flat_labels(y: Array, where: str) -> Array:
    """Return class labels [N] of [N] or [N, 1], bytes as text.

    Raises DataError for any other shape, and for bytes that are not UTF-8.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise DataError(
            f"class labels have the shape {list(y.shape)}, but one label per sample is needed",
            where,
            "for one-hot targets pass y.argmax(1); for several values per sample set task: "
            "regression",
        )
    return as_text(y, where) if y.dtype.kind == "S" else y


def as_text(y: Array, where: str) -> Array:
    """Return labels that are bytes as text; DataError if they are not UTF-8."""
    import numpy as np

    try:
        return np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError("the labels are bytes that are not UTF-8", where, "save text") from error


def index_of(labels: list[str], names: tuple[str, ...], where: str) -> torch.Tensor:
    """Return each label's place in ``names``; DataError for one that is not there."""
    import torch

    places = {name: index for index, name in enumerate(names)}
    for row, label in enumerate(labels):
        if label not in places:
            raise DataError(
                f"the label of sample {row}, {label!r}, is not one of the {len(names)} classes",
                where,
                f"the classes are {listed(names)}",
            )
    return torch.tensor([places[label] for label in labels], dtype=torch.int64)


def whole_numbers(y: Array, where: str) -> torch.Tensor:
    """Return labels [N] as int64; DataError for text, fractions and NaN."""
    import numpy as np
    import torch

    if y.dtype.kind in "US":
        raise DataError("labels are text here, but numbers in the training split", where)
    broken = ~np.isfinite(y) | (y % 1 != 0) if y.dtype.kind == "f" else np.zeros(len(y), bool)
    if broken.any():
        first = int(np.argmax(broken))
        raise DataError(
            f"the label of sample {first}, {y[first]:g}, is not a whole number",
            where,
            "class labels are 0, 1, 2, …; for values set task: regression",
        )
    return torch.from_numpy(np.array(y, dtype=np.int64))


def check_range(y: torch.Tensor, classes: int, where: str) -> None:
    """Raise DataError that names the first label outside 0..classes-1."""
    outside = (y < 0) | (y >= classes)
    if outside.any():
        first = int(outside.nonzero()[0])
        wanted = "labels count from 0" if y[first] < 0 else f"the classes are 0 to {classes - 1}"
        raise DataError(
            f"the label of sample {first} is {int(y[first])}, but {wanted}",
            where,
            "number the classes from 0 without a gap; for values set task: regression",
        )


def check_no_gap(y: torch.Tensor, where: str) -> None:
    """Raise DataError if a class below the highest has no sample, as in labels 1..10."""
    import torch

    low, high = int(y.min()), int(y.max())
    # Found by sorting, not counting: labels may be as large as identifiers.
    present = torch.unique(y)
    if len(present) != high + 1:
        missing = int((present != torch.arange(len(present))).nonzero()[0])
        raise DataError(
            f"labels run from {low} to {high}, but no sample has label {missing}",
            where,
            "number the classes from 0 without a gap; for values set task: regression",
        )


def check_two_classes(y: torch.Tensor, names: tuple[str, ...], where: str) -> None:
    """Raise DataError if all training samples are of one class."""
    if bool((y == y[0]).all()):
        raise DataError(
            f"all samples have the class {names[int(y[0])]!r}",
            where,
            "there is nothing to tell apart: add samples of another class",
        )


def check_classes_left(y: torch.Tensor, names: tuple[str, ...], where: str) -> None:
    """Raise DataError for a class none of whose images can be read, so that all were left out."""
    present = {*y.tolist()}
    for index, name in enumerate(names):
        if index not in present:
            raise DataError(
                f"no image of the class {name!r} can be read",
                where,
                "data.broken: error shows why; repair them, or remove the class",
            )


def listed(names: tuple[str, ...], most: int = 10) -> str:
    """Return "a, b, c", cut off after ``most`` names."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def counted(count: int, thing: str) -> str:
    """Return "1 image", "2 images"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def infer_kind_of_cells(cells: Cells) -> Literal["classification", "regression"]:
    """Return classification for text, and for at most FEW whole numbers that recur."""
    import numpy as np

    if is_text(cells):
        return "classification"
    values: set[float | None]
    if cells.kind is not None and cells.numbers is not None:
        values = {*np.unique(cells.numbers[~np.isnan(cells.numbers)]).tolist()}
    else:
        values = {number(text) for text in cells.distinct[0]} - {None}
    whole = all(value is not None and value % 1 == 0 for value in values)
    few = len(values) <= FEW and 2 * len(values) <= len(cells)
    return "classification" if whole and few else "regression"


def class_names(table: Table, name: str) -> tuple[str, ...]:
    """Return the different labels of a column, in the order of numbers if all are, else of text.

    Numbers written in several ways (1, 1.0, 01) are one class, named as it is written shortest.
    Raises DataError for a missing label.
    """
    cells = table.columns[name]
    if cells.missing.any():
        refuse_missing(table, int(cells.missing.argmax()), name, NO_TARGET)
    texts = sorted(cells.distinct[0], key=lambda text: (len(text), text))
    if cells.kind == "category":
        return tuple(sorted(texts))
    by_number: dict[float | None, str] = {}
    for text in texts:
        by_number.setdefault(number(text), text)
    if None in by_number:
        return tuple(sorted(texts))
    return tuple(by_number[value] for value in sorted(v for v in by_number if v is not None))


def joined_labels(table: Table, name: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Return what is said of the labels of a column that are one class though they are written in
    several ways: nothing, or a line."""
    ways: dict[float | None, list[str]] = {}
    for text in table.columns[name].distinct[0]:
        if text not in labels:
            ways.setdefault(number(text), []).append(text)
    named = {number(label): label for label in labels}
    said = [f"{', '.join(texts)} and {named[value]}" for value, texts in ways.items()]
    return (f"{name}: one class each: {'; '.join(said[:5])}",) if said else ()


def class_places(table: Table, name: str, labels: Sequence[str]) -> torch.Tensor:
    """Return the class index [N], int64, of each cell of a column: its place among ``labels``.

    Where all labels are numbers, so is a cell, however it is written. Raises DataError for one
    that is no label.
    """
    import torch

    texts, codes = table.columns[name].distinct
    places: dict[str | float | None, int] = {label: place for place, label in enumerate(labels)}
    values = [number(label) for label in labels]
    if None not in values:
        places |= {value: place for place, value in enumerate(values)}
    each = torch.tensor([places.get(text, places.get(number(text), -1)) for text in texts])
    found = each[torch.from_numpy(codes).long()]
    if bool((found < 0).any()):
        row = int((found < 0).int().argmax())
        hint = f"the run's classes are {listed(tuple(labels))}"
        cell = table.columns[name][row]
        raise table.error(row, name, f"{cell!r} is not one of them", hint)
    return found


def target_values(table: Table, names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return the values [N, targets] of the target columns. Raises DataError for text in one."""
    import numpy as np

    for name in names:
        if is_text(table.columns[name]):
            raise table.error(
                0,
                name,
                f"{table.columns[name][0]!r} is text, but regression needs numbers",
                "set data.task: classification, or correct the column",
            )
    return np.array([numbers(table, name, if_missing=NO_TARGET) for name in names]).T
