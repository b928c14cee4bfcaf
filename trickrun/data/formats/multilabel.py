"""Targets of several 0/1 labels a sample, from a table's cells or from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.cells import number
from trickrun.data.formats.encode import NO_TARGET, refuse_missing
from trickrun.data.formats.table import Table
from trickrun.data.splits.source import Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]

WORDS = {"true": 1.0, "false": 0.0}
"""What a cell may say beside 0 and 1, in any case."""


def multilabel_task(labels: Sequence[str], features: tuple[str, ...] = ()) -> Task:
    """Return the task of predicting ``labels``, each of them 0 or 1."""
    return Task("multilabel", targets=len(labels), labels=tuple(labels), features=features)


def label_values(table: Table, names: Sequence[str]) -> Array:
    """Return the labels [N, labels] in the columns ``names``: 0.0 or 1.0 in float64.

    A cell says 0, 1, true or false; numbers in any spelling (``1.0``), words in any case. Raises
    DataError that names line and column of any other cell.
    """
    import numpy as np

    return np.array([label_cells(table, name) for name in names]).T


def label_cells(table: Table, name: str) -> Array:
    """Return the labels [N] in one column; see ``label_values``."""
    import numpy as np

    texts, codes = table.column(name).distinct
    found: Array = np.array([label_of(text) for text in texts])[codes]
    unknown = np.isnan(found)
    if unknown.any():
        row = int(unknown.argmax())
        refuse_missing(table, row, name, NO_TARGET)
        raise table.error(
            row,
            name,
            f"{table.columns[name][row]!r} is not a label: it must be 0, 1, true or false",
            "correct it; for one class per sample name one target and set task: classification, "
            "for values set task: regression",
        )
    return found


def label_of(cell: str) -> float:
    """Return the 0.0 or 1.0 that a cell says; NaN if it says neither."""
    value = WORDS.get(cell.lower(), number(cell))
    return nan if value is None or value not in (0.0, 1.0) else value


def as_labels(y: Array, where: str) -> torch.Tensor:
    """Return labels [N, labels] of an array [N, labels] or [N] in float64.

    Raises DataError for text, for another shape, and for the first value that is not 0 or 1.
    """
    import numpy as np
    import torch

    if y.dtype.kind in "US":
        raise DataError(
            f"labels are text such as {str(y.flat[0])!r}, not 0 and 1", where, "convert them"
        )
    if y.ndim not in (1, 2) or y.size == 0:
        raise DataError(f"labels are {list(y.shape)}", where, "[samples, labels] of 0 and 1")
    values = np.array(y, dtype=np.float64).reshape(len(y), -1)
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        row, label = map(int, np.argwhere(wrong)[0])
        raise DataError(
            f"label {label} of sample {row} is {values[row, label]:g}, not 0 or 1",
            where,
            "for values set task: regression",
        )
    return torch.from_numpy(values)


def check_labels_vary(y: torch.Tensor, names: Sequence[str], where: str) -> None:
    """Raise DataError if no label of ``y`` [N, labels] differs between samples."""
    if bool((y == y[0]).all()):
        raise DataError(
            f"all samples have the same labels ({', '.join(names)})",
            where,
            "there is nothing to tell apart: add samples with other labels",
        )


def labels_of_arrays(
    targets: Mapping[str, Array], labels: tuple[str, ...], where: str
) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Return the labels [N, labels] of each part, and their names: ``labels``, or 0, 1, ….

    Raises DataError for what are no labels, and for parts or names of another number of labels.
    """
    found = {name: as_labels(y, f"{where}: {name} y") for name, y in targets.items()}
    count = found["train"].shape[1]
    for name, y in found.items():
        if y.shape[1] != count:
            message = f"{y.shape[1]} labels per sample, but {count} in training"
            raise DataError(message, f"{where}: {name} y", "all splits need the same labels")
    if labels and len(labels) != count:
        raise DataError(f"{len(labels)} names for {count} labels", where)
    names = labels or tuple(str(index) for index in range(count))
    check_labels_vary(found["train"], names, where)
    return found, names
