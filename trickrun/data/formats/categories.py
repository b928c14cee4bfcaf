"""Categories that are fitted on the training part: which have a feature or a vector of their own,
and which count as unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.cells import Cells
from trickrun.data.formats.encode import (
    MISSING,
    MOST_CATEGORIES,
    UNFILLED,
    check_categories,
    encode,
    feature_names,
    is_text,
    refuse_missing,
    refuse_repeated,
)
from trickrun.data.formats.table import Table
from trickrun.data.splits.source import Categories, Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]

RARE = "(rare)"
"""The category that all rare ones share where each category is a feature: ``color=(rare)``."""

UNKNOWN = 0
"""The index of the unknown category; those of the known ones count from 1."""

Encoding = Literal["one_hot", "embedding"]


@dataclass(frozen=True)
class CategoryRule:
    """What a recipe says about the categories of a table.

    Args:
        encoding: one 0/1 feature for each category, or one feature with its index for an embedding.
        rare: categories that occur fewer times in the training part are unknown; 1: none is rare.
        unseen: what a category is that the data did not have: an error, or unknown.
    """

    encoding: Encoding
    rare: int
    unseen: Literal["error", "unknown"]


@dataclass(frozen=True)
class Coded:
    """The cells of a column of text.

    Args:
        texts: the different ones, sorted; MISSING comes last.
        codes: the place of each cell in ``texts``, int64 [N].
    """

    texts: tuple[str, ...]
    codes: Array


def coded(cells: Cells) -> Coded:
    """Return a column's cells as places among its different texts."""
    import numpy as np

    distinct, codes = cells.distinct
    texts = [MISSING if cells.is_missing(text) else text for text in distinct]
    names = sorted({*texts} - {MISSING})
    names += [MISSING] if MISSING in texts else []
    places = {name: place for place, name in enumerate(names)}
    return Coded(tuple(names), np.array([places[text] for text in texts], dtype=np.int64)[codes])


def unfitted(table: Table, columns: Sequence[str], gaps: bool, rule: CategoryRule) -> Task:
    """Return a task that names the features of ``columns`` before categories are fitted: a column
    of text is one feature, and all of its texts are known.

    Args:
        gaps: see feature_names().

    Raises DataError for a column of text that is not a category, such as names, if ``rule`` does
    not make its rare texts one.
    """
    features: list[str] = []
    found: list[Categories] = []
    for name in columns:
        if not is_text(table.column(name)):
            features += feature_names(table, [name], gaps)
            continue
        if not gaps:
            refuse_any_missing(table, name)
        texts = coded(table.columns[name]).texts
        if rule.rare == 1:
            most = None if rule.encoding == "embedding" else MOST_CATEGORIES
            check_categories(table, name, [text for text in texts if text != MISSING], most)
        features.append(name)
        found.append(Categories(name, texts))
    refuse_repeated(features, table.where)
    if not found and (rule.encoding == "embedding" or rule.rare > 1):
        raise DataError(
            "there is no column of text, so no category can be embedded or rare",
            "data.rare" if rule.rare > 1 else "data.categories",
            "remove it",
        )
    return Task("regression", features=tuple(features), categories=tuple(found))


def refuse_any_missing(table: Table, name: str) -> None:
    """Raise DataError for the first missing cell of a column."""
    missing = table.columns[name].missing
    if missing.any():
        refuse_missing(table, int(missing.argmax()), name)


def encode_columns(table: Table, task: Task, gaps: bool) -> tuple[Array, tuple[str, ...]]:
    """Return the values [N, features] in float64 of a task's features, and a line for each column
    that has unknown cells.

    A category is its index, or a 1 in its own feature; an unknown one is index 0, or a 1 in the
    feature of rare ones, or no 1 at all. Raises DataError that names line and column of a cell that
    is missing, not a number, or of a category that the task neither knows nor takes for unknown.

    Args:
        gaps: see encode().
    """
    import numpy as np

    places = {feature: place for place, feature in enumerate(task.features)}
    # A feature's values stand together, as in encode().
    values = np.zeros((len(places), len(table)))
    notes, rest = [], {*places}
    for categories in task.categories:
        found, note = indices(table, categories, task.unseen, gaps)
        notes += note
        if categories.column in places:
            values[places[categories.column]] = found
            rest.discard(categories.column)
            continue
        own = one_hot_names(categories)
        for index, feature in enumerate(own):
            if feature in places:
                values[places[feature]] = found == index
        rest -= {*own}
    others = [feature for feature in task.features if feature in rest]
    if others:
        values[[places[feature] for feature in others]] = encode(table, others, gaps).T
    return values.T, tuple(notes)


def one_hot_names(categories: Categories) -> list[str]:
    """Return the features that a column's categories may have, in the order of their indices."""
    return [f"{categories.column}={category}" for category in (RARE, *categories.known)]


def indices(
    table: Table, categories: Categories, unseen: Literal["error", "unknown"], gaps: bool
) -> tuple[Array, list[str]]:
    """Return the index [N] of each cell's category, and what to say of those that are unknown."""
    import numpy as np

    column = coded(table.column(categories.column))
    known = {text: index for index, text in enumerate(categories.known, start=1)}
    known |= dict.fromkeys(categories.shared, UNKNOWN)
    new = [place for place, text in enumerate(column.texts) if text not in known]
    strange = np.isin(column.codes, new)
    refused = unseen == "error" or (MISSING in column.texts and not gaps)
    if refused:
        refuse_new(table, categories, column, {*new} if unseen == "error" else set(), gaps)
    of_text = np.array([known.get(text, UNKNOWN) for text in column.texts], dtype=np.int64)
    found = of_text[column.codes]
    count = int((found == UNKNOWN).sum())
    if not count:
        return found, []
    return found, [told(categories.column, count, len(found), column, strange)]


def refuse_new(
    table: Table, categories: Categories, column: Coded, new: set[int], gaps: bool
) -> None:
    """Raise DataError for the first cell that is missing and may not be, or whose place among the
    column's texts is in ``new``."""
    for row, code in enumerate(column.codes.tolist()):
        missing = column.texts[code] == MISSING
        if missing and (not gaps or code in new):
            refuse_missing(table, row, categories.column, UNFILLED if gaps else "")
        if code in new:
            some = categories.known[:10]
            more = f", and {len(categories.known) - 10} more" if categories.known[10:] else ""
            raise table.error(
                row,
                categories.column,
                f"{column.texts[code]!r} is not a known category",
                f"known: {', '.join(some)}{more}; a run with data.unseen: unknown takes others",
            )


def told(name: str, count: int, cells: int, column: Coded, strange: Array) -> str:
    """Return what people should know of a column's unknown cells."""
    texts = [column.texts[code] for code in dict.fromkeys(column.codes[strange].tolist())]
    such = f"; {int(strange.sum())} of them new, such as {texts[0]!r}" if texts else ""
    return f"column {name!r}: {count} of {cells} cells hold an unknown category{such}"


def fitted(
    x: torch.Tensor, rows: torch.Tensor, task: Task, rule: CategoryRule, where: str
) -> tuple[torch.Tensor, Task, tuple[str, ...]]:
    """Return inputs [N, features] and their task after the categories are fitted on the samples
    ``rows`` [M], and a line for each column of which some are unknown.

    A category that occurs there at least once, and ``rule.rare`` times, gets an index from 1 on, in
    the order of the alphabet; all others get 0. With one_hot each index is a feature; that of the
    rare ones is there if some are rare.

    Args:
        x: with places from 1 on among all texts of the data; changed in place.
        where: the file, for errors.

    Raises DataError if too many categories of a column are left for one_hot.
    """
    import torch

    places = {feature: place for place, feature in enumerate(task.features)}
    columns: dict[str, tuple[torch.Tensor, tuple[str, ...]]] = {}
    found, notes = [], []
    # Those that the recipe says are categories may be many, as in check_categories().
    declared = {each.name for each in task.types if each.kind == "category"}
    for categories in task.categories:
        column = x[:, places[categories.column]]
        counts = torch.bincount(column[rows].long(), minlength=len(categories.known) + 1)[1:]
        keep = counts >= rule.rare
        kept = Categories(
            categories.column, picked(categories.known, keep), picked(categories.known, ~keep)
        )
        if kept.column not in declared:
            check_fitted(kept, rule, where)
        index = torch.zeros(len(keep) + 1, dtype=torch.int64)
        index[1:][keep] = torch.arange(1, len(kept.known) + 1)
        column.copy_(index[column.long()])
        has_rare = bool(((counts > 0) & ~keep).any())
        columns[kept.column] = one_hot(column, kept, has_rare)
        notes += said(kept, column, rule)
        found.append(kept)
    task = replace(task, categories=tuple(found), unseen=rule.unseen)
    if rule.encoding == "one_hot":
        x, task = spread_out(x, task, columns)
        refuse_repeated(task.features, where)
    return x, task, tuple(notes)


def picked(texts: Sequence[str], keep: torch.Tensor) -> tuple[str, ...]:
    """Return those of ``texts`` where the mask ``keep`` is true."""
    return tuple(text for text, wanted in zip(texts, keep.tolist(), strict=True) if wanted)


def check_fitted(categories: Categories, rule: CategoryRule, where: str) -> None:
    """Raise DataError if too many categories are left to be a feature each. That none is left, as
    may be in a small subset, is no error: the column is constant, which is a finding."""
    name, count = categories.column, len(categories.known)
    if rule.encoding == "one_hot" and count > MOST_CATEGORIES:
        raise DataError(
            f"column {name!r} has {count} categories that occur {rule.rare} times or more in the "
            "training split. That is too many for one feature each",
            where,
            "set data.categories: embedding, or a larger data.rare",
        )


def one_hot(
    column: torch.Tensor, categories: Categories, has_rare: bool
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Return the 0/1 features [N, categories] of indices [N], and their names."""
    import torch

    rare, *names = one_hot_names(categories)
    order = [*range(1, len(names) + 1), *([UNKNOWN] if has_rare else [])]
    values = column[:, None] == torch.tensor(order)
    return values, (*names, *([rare] if has_rare else []))


def spread_out(
    x: torch.Tensor, task: Task, columns: dict[str, tuple[torch.Tensor, tuple[str, ...]]]
) -> tuple[torch.Tensor, Task]:
    """Return inputs and task with the 0/1 features of ``columns`` in the place of each."""
    import torch

    parts: list[torch.Tensor] = []
    features: list[str] = []
    fills: list[float] = []
    for place, feature in enumerate(task.features):
        values, names = columns.get(feature, (x[:, place : place + 1], (feature,)))
        parts.append(values.to(x.dtype))
        features += names
        if task.fills:
            fills += [task.fills[place]] if feature not in columns else [0.0] * len(names)
    return torch.cat(parts, 1), replace(task, features=tuple(features), fills=tuple(fills))


def said(categories: Categories, column: torch.Tensor, rule: CategoryRule) -> list[str]:
    """Return what people should know of a column's categories that share the unknown one."""
    if not categories.shared:
        return []
    total, cells = len(categories.known) + len(categories.shared), int((column == UNKNOWN).sum())
    why = f"occur fewer than {rule.rare} times" if rule.rare > 1 else "do not occur"
    return [
        f"column {categories.column!r}: {len(categories.shared)} of {total} categories {why} in "
        f"the training split and count as unknown ({cells} of {len(column)} cells)"
    ]
