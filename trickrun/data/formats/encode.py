"""Columns of a table as input features: numbers, one 0/1 feature a category, filled gaps."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.table import Table, is_missing, number
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    import torch


MOST_CATEGORIES = 100
MISSING = "(missing)"
"""The category of a missing cell, where such cells are allowed: ``color=(missing)``."""
PEEK = 1000
"""Cells of a column that are looked at to tell text from numbers."""


def feature_names(table: Table, columns: Sequence[str], gaps: bool = False) -> tuple[str, ...]:
    """Return the features that ``columns`` become: ``age``, or ``color=blue``, ``color=red``.

    Args:
        gaps: a column with missing cells gets one more 0/1 feature, for example ``age=(missing)``.

    Raises DataError for a column of text that is not a category, such as names.
    """
    features: list[str] = []
    for name in columns:
        cells = table.column(name)
        gap = [f"{name}={MISSING}"] if gaps and any(map(is_missing, cells)) else []
        if not is_text(cells):
            features += [name, *gap]
            continue
        categories = sorted({cell for cell in cells if not is_missing(cell)})
        check_categories(table, name, categories)
        features += [f"{name}={category}" for category in categories] + gap
    repeated = [feature for feature in features if features.count(feature) > 1]
    if repeated:
        raise DataError(
            f"two columns become the feature {repeated[0]!r}", table.where, "rename one"
        )
    return tuple(features)


def check_categories(
    table: Table, name: str, categories: Sequence[str], most: int | None = MOST_CATEGORIES
) -> None:
    """Raise DataError if a column's texts are too many or too rare to be categories.

    Args:
        most: how many there may be; None: any number.
    """
    count, rows = len(categories), len(table.lines)
    rare = count > 10 and 2 * count > rows
    if rare or (most is not None and count > most):
        way = "set data.rare: 2" if rare else "set data.categories: embedding"
        raise DataError(
            f"column {name!r} has {count} different texts in {rows} rows, such as "
            f"{categories[0]!r}: too many for categories",
            table.where,
            f"leave it out (data.drop: [{name}]), turn it into numbers, or {way}",
        )


def encode(table: Table, features: Sequence[str], gaps: bool = False) -> Array:
    """Return the values [N, features] in float64 of features that feature_names() named.

    Args:
        gaps: a missing number is NaN, a missing category MISSING, if that is among the features.

    Raises DataError that names line and column of a cell that is missing, not a number, or a
    category that is not among the features.
    """
    import numpy as np

    values = np.zeros((len(table.lines), len(features)))
    categories: dict[str, dict[str, int]] = {}
    for place, feature in enumerate(features):
        if feature in table.columns:
            values[:, place] = numbers(table, feature, gaps)
        else:
            name = column_of(table, feature)
            categories.setdefault(name, {})[feature.removeprefix(f"{name}=")] = place
    for name, places in categories.items():
        if name in features:
            values[:, places[MISSING]] = [*map(is_missing, table.columns[name])]
        else:
            values[np.arange(len(values)), category_places(table, name, places, gaps)] = 1
    return values


def column_of(table: Table, feature: str) -> str:
    """Return the column of a feature like ``color=red``; DataError if there is none."""
    names = [name for name in table.columns if feature.startswith(f"{name}=")]
    if not names:
        table.column(feature if "=" not in feature else feature.partition("=")[0])
    return max(names, key=len)


def category_places(
    table: Table, name: str, places: dict[str, int], gaps: bool = False
) -> list[int]:
    """Return the feature's place for each cell of a text column.

    Args:
        gaps: missing cells are filled in, as far as there is a category for them.
    """
    cells = [MISSING if is_missing(cell) else cell for cell in table.columns[name]]
    for row, cell in enumerate(cells):
        if cell not in places:
            if gaps:
                refuse_missing(table, row, name, UNFILLED)
            refuse_missing(table, row, name)
            known = ", ".join(places)
            raise table.error(row, name, f"{cell!r} is not a known category", f"known: {known}")
    return [places[cell] for cell in cells]


def is_text(cells: Sequence[str]) -> bool:
    """Whether a column is text: of its first PEEK cells, the missing aside, most are no numbers."""
    present = [cell for cell in cells[:PEEK] if not is_missing(cell)]
    return 2 * sum(number(cell) is not None for cell in present) < len(present)


def numbers(table: Table, name: str, gaps: bool = False, if_missing: str = "") -> Sequence[float]:
    """Return a column's numbers; DataError for the first cell that is none, missing or infinite.

    Args:
        gaps: a missing one is NaN instead.
        if_missing: what to do about one; empty: as for inputs.
    """
    cells = table.column(name)
    fast = all_numbers(cells)
    if fast is not None:
        return fast
    values = []
    for row, cell in enumerate(cells):
        if gaps and is_missing(cell):
            values.append(nan)
            continue
        value = number(cell)
        if value is None or not isfinite(value):
            refuse_missing(table, row, name, if_missing)
            what = "is not a number" if value is None else "is not finite"
            comma = "; decimals are written with a point" if "," in cell else ""
            raise table.error(row, name, f"{cell!r} {what}", f"correct or remove the row{comma}")
        values.append(value)
    return values


def all_numbers(cells: Sequence[str]) -> list[float] | None:
    """Return the cells' finite numbers, or None if one is none: what number() says, but fast."""
    try:
        values = [*map(float, cells)]
    except ValueError:
        return None
    return values if all(map(isfinite, values)) and "_" not in "".join(cells) else None


UNFILLED = (
    "fill it in or remove such rows: in training no cell of this column was missing, so the run "
    "has no category for it"
)
"""The hint about a missing text in a column that had none when the network was trained."""

NO_TARGET = (
    "remove such rows, or let the recipe do so with data.missing: drop; targets are never filled in"
)
"""The hint about a missing target."""


def refuse_missing(table: Table, row: int, name: str, hint: str = "") -> None:
    """Raise DataError if a cell is missing, with the number of such cells in its column.

    Args:
        hint: what to do about it; empty: as for inputs.
    """
    cells = table.columns[name]
    if is_missing(cells[row]):
        count = sum(map(is_missing, cells))
        raise table.error(
            row,
            name,
            f"the value is missing, as in {count} of the column's {len(cells)} cells",
            hint
            or "fill it in or remove such rows; a recipe can do so with data.missing: fill or "
            f"drop, or leave the column out with data.drop: [{name}]",
        )


def medians(
    x: torch.Tensor, rows: torch.Tensor, features: Sequence[str], where: str
) -> torch.Tensor:
    """Return the median [features] of the values of ``rows`` [M] of inputs [N, features] that are
    not NaN.

    Of an even number of values it is the lower of the two in the middle. Raises DataError if a
    feature has no value.
    """
    import torch

    # A column at a time, as a copy of a large table would double what it takes.
    found = torch.stack([column[rows].nanmedian() for column in x.unbind(1)])
    for feature, empty in zip(features, found.isnan().tolist(), strict=True):
        if empty:
            raise DataError(
                f"column {feature!r} has no value in the training split",
                where,
                f"leave it out (data.drop: [{feature}])",
            )
    return found


def fill_gaps(x: torch.Tensor, fills: torch.Tensor) -> None:
    """Put ``fills`` [features] in the place of the NaNs of inputs [N, features]."""
    for column, value in zip(x.unbind(1), fills.tolist(), strict=True):
        column[column.isnan()] = value
