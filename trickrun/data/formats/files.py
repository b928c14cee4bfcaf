"""Samples from another file, for a run that is trained already: the same features, same order."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.array_files import read_idx, read_npz, shrink
from trickrun.data.formats.arrays import (
    Channels,
    as_inputs,
    check_lengths,
    check_shape,
    told_apart,
)
from trickrun.data.formats.categories import encode_columns
from trickrun.data.formats.encode import column_of, encode, fill_gaps
from trickrun.data.formats.labels import (
    as_values,
    check_range,
    class_places,
    flat_labels,
    index_of,
    listed,
    target_values,
    whole_numbers,
)
from trickrun.data.formats.multilabel import as_labels, label_values
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import known_keys
from trickrun.data.formats.table import Table
from trickrun.data.formats.typed import as_task_has, texts_for, told_of_types
from trickrun.data.formats.weights import weights_in
from trickrun.data.splits.keys import array_keys
from trickrun.data.splits.source import Columns, Samples, Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]


def read_samples(
    path: Path,
    task: Task,
    shape: tuple[int, ...],
    columns: Columns,
    channels: Channels = "auto",
) -> Samples:
    """Return the samples in ``path``: a numpy file (.npz), IDX images (-ubyte), or else a table.

    Args:
        task: the run's.
        shape: of one of the run's inputs.
        channels: which axis of a numpy file's images they are on.

    Raises DataError if the file is broken or does not have the run's features.
    """
    if path.suffix == ".npz":
        return npz_samples(path, task, shape, channels)
    if path.name.removesuffix(".gz").endswith("-ubyte"):
        return idx_samples(path, task, shape)
    return table_samples(path, task, shape, columns)


def table_samples(path: Path, task: Task, shape: tuple[int, ...], columns: Columns) -> Samples:
    """Return the samples of a table's file with a column for each feature, in any order."""
    texts: list[str] | None = texts_for(task)
    if texts is not None:
        targets = columns.targets if task.kind == "classification" else ()
        texts += targets or ("target",)
    table = read_table(path, columns.delimiter, columns.header, texts)
    found = samples_of(as_task_has(table, task), task, shape, columns)
    notes = (*told_of_types(table, task), *found.notes)
    return replace(found, columns=table.columns, notes=notes)


def samples_of(table: Table, task: Task, shape: tuple[int, ...], columns: Columns) -> Samples:
    """Return the samples of a table with a column for each feature, in any order.

    Args:
        table: its columns are what the run took them for.
    """
    targets = columns.targets or (task.kind != "classification" and task.labels) or ("target",)
    unused = (each.name for each in task.types if each.kind == "left_out")
    known = {*targets, *columns.ignored, *unused, columns.weight}
    others = [name for name in table.columns if name not in known]
    features = task.features or tuple(others)
    if len(features) != prod(shape):
        raise DataError(
            f"{len(features)} input columns, but the run's samples are {list(shape)}",
            table.where,
            f"give {prod(shape)} columns and no others except {', '.join(targets)}",
        )
    gaps = bool(task.fills)
    notes: tuple[str, ...] = ()
    if task.categories:
        values, notes = encode_columns(table, task, gaps)
    else:
        values = encode(table, features, gaps)
    x = as_inputs(values, table.where, gaps)
    if task.fills:
        fill_gaps(x, x.new_tensor(task.fills))
    used = {f if f in table.columns else column_of(table, f) for f in features}
    used |= {each.name for each in task.types}
    extra = [name for name in others if name not in used]
    if extra and not columns.ignore_others:
        raise DataError(
            f"columns that were not in the training data: {listed(tuple(extra))}",
            table.where,
            "remove them, or name them as in the recipe's data",
        )
    return Samples(
        x.reshape(-1, *shape),
        table_targets(table, task, targets),
        table.columns,
        notes=notes,
        identify=lambda kept: known_keys(table, kept),
        w=None
        if columns.weight is None or columns.weight not in table.columns
        else weights_in(table, columns.weight),
    )


def table_targets(table: Table, task: Task, names: tuple[str, ...]) -> torch.Tensor | None:
    """Return the targets in a table's columns ``names``; None if they are not there or all empty.

    Raises DataError that names the line of a value that is none, or of an unknown label.
    """
    if not any(name in table.columns for name in names):
        return None
    columns = [table.column(name) for name in names]
    if all(cells.missing.all() for cells in columns):
        return None
    if task.kind == "regression":
        return as_values(target_values(table, names), table.where)
    if task.kind == "multilabel":
        return as_labels(label_values(table, names), table.where)
    return class_places(table, names[0], task.labels)


def npz_samples(
    path: Path, task: Task, shape: tuple[int, ...], channels: Channels = "auto"
) -> Samples:
    """Return the samples of a numpy file: arrays x and perhaps y, or x_test and y_test."""
    arrays = read_npz(path)
    suffix = "" if "x" in arrays else "_test"
    if f"x{suffix}" not in arrays:
        raise DataError(
            f"there is no array 'x', only {', '.join(arrays)}",
            str(path),
            "name the inputs x and the targets, if there are any, y",
        )
    x = as_inputs(arrays[f"x{suffix}"], f"{path}: x{suffix}", channels=channels)
    if shape == (1, *x.shape[1:]):
        x = x.unsqueeze(1)
    check_shape(tuple(x.shape[1:]), shape, f"{path}: x{suffix}")
    if f"y{suffix}" not in arrays:
        return Samples(x, None)
    raw, y, where = arrays[f"x{suffix}"], arrays[f"y{suffix}"], f"{path}: y{suffix}"
    check_lengths(len(x), y, where)
    targets = targets_of_run(y, task, where)
    return Samples(x, targets, identify=lambda _: array_keys(raw, told_apart(y)))


def targets_of_run(y: Array, task: Task, where: str) -> torch.Tensor:
    """Return the targets in an array as those of a run with ``task``. Raises DataError."""
    if task.kind == "regression":
        values = as_values(y, where)
        check_shape(tuple(values.shape[1:]), (task.targets,), where)
        return values
    if task.kind == "multilabel":
        held = as_labels(y, where)
        check_shape(tuple(held.shape[1:]), (task.targets,), where)
        return held
    labels = flat_labels(y, where)
    if labels.dtype.kind in "US":
        return index_of([str(label) for label in labels], task.labels, where)
    indices = whole_numbers(labels, where)
    check_range(indices, task.classes, where)
    return indices


def idx_samples(path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
    """Return the images of an IDX file, with the labels of the file beside it if there is one."""
    x = shrink_to(shape, read_idx(path, 3).unsqueeze(1), str(path))
    beside = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if beside == path or not beside.is_file():
        return Samples(x, None)
    y = read_idx(beside, 1).long()
    if len(y) != len(x):
        raise DataError(f"{len(x)} images, but {len(y)} labels in {beside.name}", str(path))
    check_range(y, task.classes, str(beside))
    return Samples(x, y)


def shrink_to(shape: tuple[int, ...], images: torch.Tensor, where: str) -> torch.Tensor:
    """Return images [N, 1, H, W] in the run's ``shape``; DataError if it has another form."""
    if len(shape) != 3 or shape[0] != 1 or shape[1] != shape[2]:
        raise DataError(f"grey images, but the run's samples are {list(shape)}", where)
    return shrink(images, shape[1])
