"""A look at the columns that are to be predicted: one class, values, or several 0/1 labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.csv import Csv
from trickrun.data.formats.cells import Cells, number
from trickrun.data.formats.guess import guess_target
from trickrun.data.formats.labels import infer_kind_of_cells
from trickrun.data.formats.multilabel import label_of, label_values
from trickrun.data.formats.table import Table
from trickrun.data.formats.typed import read_as
from trickrun.data.survey.facts import Targets, Values
from trickrun.data.survey.problems import each_of, refuse
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

AS_VALUES = "whole numbers: task: regression predicts values instead"
"""What is said of classes that may be amounts."""


def with_targets(table: Table, names: Sequence[str]) -> tuple[Table, int]:
    """Return the table's rows that have all targets, and how many lack one.

    Raises DataError for targets without any value, and if no row has all.
    """
    empty = [name for name in names if table.columns[name].missing.all()]
    problems = [
        DataError(f"the target {name!r} has no value", table.where, "name another one")
        for name in empty
    ]
    refuse(problems, table.where)
    if not any(table.columns[name].missing.any() for name in names):
        return table, 0
    try:
        whole = table.complete(names)
    except DataError:
        hint = "predict them one by one, with a recipe for each"
        message = f"no row has all of the targets {', '.join(map(repr, names))}"
        raise DataError(message, table.where, hint) from None
    return whole, len(table) - len(whole)


def targets_of(table: Table, data: Csv, why: str) -> Targets:
    """Return what is to be predicted. Raises DataError for what cannot be.

    Args:
        table: with the rows that have all targets.
        data: names the targets, and perhaps the task.
        why: how the targets were chosen.
    """
    names = data.targets
    if len(names) == 1 and data.task != "multilabel":
        return one_target(table, data, why)
    if data.task == "classification":
        hint = "data.task=multilabel predicts several 0/1 labels; or name one column"
        raise DataError("classification has one target", table.where, hint)
    if data.task == "multilabel" or (data.task == "auto" and all_labels(table, names)):
        return Targets(names, why, labels=labels_of(table, names))
    found, problems = each_of(names, lambda name: values_of(table, data, name))
    refuse(problems, table.where)
    return Targets(names, why, values=tuple(found))


def one_target(table: Table, data: Csv, why: str) -> Targets:
    """Return a target that has classes or values."""
    names = data.targets
    if task_of(table, data) == "regression":
        return Targets(names, why, values=(values_of(table, data, names[0]),))
    check_classes(table, names[0])
    classes = class_counts(table.columns[names[0]])
    doubt = f"{names[0]} is taken for classes; {AS_VALUES}" if counts(classes) else ""
    return Targets(names, why, classes=classes, open=doubt)


def counts(classes: Sequence[tuple[str, int]]) -> bool:
    """Whether classes are numbers, which may be amounts: more than two of them."""
    return len(classes) > 2 and all(number(label) is not None for label, _ in classes)


def all_labels(table: Table, names: Sequence[str]) -> bool:
    """Whether columns hold 0, 1, true and false alone."""
    texts = [text for name in names for text in table.columns[name].present]
    return all(label_of(text) == label_of(text) for text in texts)


def labels_of(table: Table, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return the share of rows that has each label. Raises DataError for cells that are none."""
    found, problems = each_of(names, lambda name: label_values(table, [name]))
    refuse(problems, table.where)
    return label_shares(names, [float(each.mean()) for each in found], table.where)


def label_shares(
    names: Sequence[str], shares: Sequence[float], where: str
) -> tuple[tuple[str, float], ...]:
    """Return labels with their shares. Raises DataError if none of them ever varies."""
    if all(share in (0.0, 1.0) for share in shares):
        hint = "there is nothing to tell apart"
        raise DataError(f"all samples have the same {', '.join(map(repr, names))}", where, hint)
    return tuple(zip(names, shares, strict=True))


def task_of(table: Table, data: Csv) -> Literal["classification", "regression"]:
    """Return the task of a table with one target. Raises DataError for a target that may be
    several things."""
    (target,) = data.targets
    if data.task == "classification" or data.task == "regression":
        return data.task
    try:
        guess = guess_target(table, target, data.asked, "auto")
    except DataError:
        # Numbers in a notation that is not doubtful are values.
        guess = guess_target(table, target, data.asked, "regression")
    cells = table.columns[target] if guess.type is None else read_as(table, guess.type)
    return infer_kind_of_cells(cells)


def check_classes(table: Table, target: str) -> None:
    """Raise DataError for a target whose texts hardly recur, or never vary."""
    different = len(table.columns[target].present)
    if different > 2 and 2 * different > len(table):
        raise DataError(
            f"the target {target!r} has {different} different texts in {len(table)} rows",
            table.where,
            "classes must recur to be learned; --target COLUMN names another column",
        )
    if different == 1:
        raise never_varies(target, table.where)


def never_varies(target: str, where: str) -> DataError:
    """Return the error about a target that is the same in all rows."""
    hint = "there is nothing to tell apart; --target COLUMN names another column"
    return DataError(f"all rows have the same {target!r}", where, hint)


def class_counts(cells: Cells) -> tuple[tuple[str, int], ...]:
    """Return the cells of each class, the most frequent first."""
    import numpy as np

    texts, codes = cells.distinct
    found = np.bincount(codes, minlength=len(texts))
    known = [(t, int(n)) for t, n in zip(texts, found, strict=True) if not cells.is_missing(t)]
    return most_frequent_first(known)


def most_frequent_first(found: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return classes with their counts, in the order in which facts have them."""
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def values_of(table: Table, data: Csv, target: str) -> Values:
    """Return what the values of a target are like. Raises DataError for text, and for one that
    never varies."""
    guess = guess_target(table, target, data.asked, "regression")
    cells = (table.columns[target] if guess.type is None else read_as(table, guess.type)).plain()
    if cells.numbers is None:
        raise DataError(
            f"the target {target!r} has text such as {cells.present[0]!r}, but regression needs "
            "numbers",
            table.where,
            "set data.task=classification, or correct the column"
            if len(data.targets) == 1
            else "name targets of numbers alone, or labels that are 0, 1, true or false",
        )
    return described(cells.numbers, target, table.where)


def described(y: Array, target: str, where: str) -> Values:
    """Return what values [N] are like. Raises DataError if they never vary."""
    import numpy as np

    _, found = np.unique(y, return_counts=True)
    if len(found) == 1:
        raise never_varies(target, where)
    positive = bool((y > 0).all())
    return Values(
        float(y.min()),
        float(y.max()),
        float(y.mean()),
        float(np.median(y)),
        float(y.std()),
        skewness(y),
        skewness(np.log(y)) if positive else None,
        float(found.max() / len(y)),
    )


def skewness(y: Array) -> float:
    """Return the third standardized moment of values [N]; 0 if they do not vary."""
    spread = float(y.std())
    return float((((y - y.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
