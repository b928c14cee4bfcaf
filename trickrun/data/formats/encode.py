"""Columns of a table as input features: numbers, one 0/1 feature a category, filled gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.cells import Cells, as_numbers, number
from trickrun.data.formats.table import Table
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
        gap = [f"{name}={MISSING}"] if gaps and cells.missing.any() else []
        if not is_text(cells):
            features += [name, *gap]
            continue
        categories = sorted(cells.present)
        check_categories(table, name, categories)
        features += [f"{name}={category}" for category in categories] + gap
    refuse_repeated(features, table.where)
    return tuple(features)


def refuse_repeated(features: Sequence[str], where: str) -> None:
    """Raise DataError if two features have one name."""
    repeated = [feature for feature, count in Counter(features).items() if count > 1]
    if repeated:
        raise DataError(f"two columns become the feature {repeated[0]!r}", where, "rename one")


def check_categories(
    table: Table, name: str, categories: Sequence[str], most: int | None = MOST_CATEGORIES
) -> None:
    """Raise DataError if a column's texts are too many or too rare to be categories, unless the
    recipe says that they are.

    Args:
        most: how many there may be; None: any number.
    """
    count, rows = len(categories), len(table)
    if table.columns[name].kind != "category" and too_many(count, rows, most):
        way = "set data.categories: embedding"
        if too_many(count, rows, None):
            way = "set data.rare: 2"
        raise DataError(
            f"column {name!r} has {count} distinct texts in {rows} rows, such as "
            f"{categories[0]!r}. That is too many for categories",
            table.where,
            f"remove it (data.types: {{{name}: drop}}), {way}, or treat each text as a category "
            f"anyway (data.types: {{{name}: category}})",
        )


def too_many(count: int, rows: int, most: int | None = MOST_CATEGORIES) -> bool:
    """Whether so many different texts in so many rows are no categories.

    Args:
        most: how many there may be; None: any number, if they recur.
    """
    return (most is not None and count > most) or (count > 10 and 2 * count > rows)


def encode(table: Table, features: Sequence[str], gaps: bool = False) -> Array:
    """Return the values [N, features] in float64 of features that feature_names() named.

    Args:
        gaps: a missing number is NaN, a missing category MISSING, if that is among the features.

    Raises DataError that names line and column of a cell that is missing, not a number, or a
    category that is not among the features.
    """
    import numpy as np

    if not gaps and all(feature in table.columns for feature in features):
        return together([numbers(table, feature) for feature in features]).T
    # A feature's values stand together: a table is read and looked at by column.
    values = np.zeros((len(features), len(table)))
    categories: dict[str, dict[str, int]] = {}
    for place, feature in enumerate(features):
        if feature in table.columns:
            values[place] = numbers(table, feature, gaps)
        else:
            name = column_of(table, feature)
            categories.setdefault(name, {})[feature.removeprefix(f"{name}=")] = place
    for name, places in categories.items():
        if name in features:
            values[places[MISSING]] = table.columns[name].missing
        else:
            values[category_places(table, name, places, gaps), np.arange(len(table))] = 1
    return values.T


def together(columns: Sequence[Array]) -> Array:
    """Return columns [N] of float64 as [columns, N]: without a copy, which would double a large
    table, if they are the rows of one array already."""
    import numpy as np

    base = columns[0].base
    if base is None or base.ndim != 2 or len(base) != len(columns):
        return np.stack(columns)
    whole: Array = base[:, : len(columns[0])]
    same = all(
        column.base is base and column.ctypes.data == row.ctypes.data
        for column, row in zip(columns, whole, strict=True)
    )
    return whole if same else np.stack(columns)


def column_of(table: Table, feature: str) -> str:
    """Return the column of a feature like ``color=red``; DataError if there is none."""
    names = [name for name in table.columns if feature.startswith(f"{name}=")]
    if not names:
        table.column(feature if "=" not in feature else feature.partition("=")[0])
    return max(names, key=len)


def category_places(
    table: Table, name: str, places: Mapping[str, int], gaps: bool = False
) -> Array:
    """Return the feature's place [N] for each cell of a text column.

    Args:
        gaps: missing cells are filled in, as far as there is a category for them.
    """
    import numpy as np

    cells = table.columns[name]
    texts, codes = cells.distinct
    known = [places.get(MISSING if cells.is_missing(text) else text, -1) for text in texts]
    found = np.array(known)[codes]
    if (found < 0).any():
        row = int((found < 0).argmax())
        refuse_missing(table, row, name, UNFILLED if gaps else "")
        cell = cells[row]
        raise table.error(
            row, name, f"{cell!r} is not a known category", f"known: {', '.join(places)}"
        )
    return found


def is_text(cells: Cells) -> bool:
    """Whether a column is text: of its first PEEK cells, the missing aside, most are no numbers."""
    if cells.kind is not None:
        return cells.kind == "category"
    if cells.numbers is not None:
        return False
    present = [cell for cell in cells.peek(PEEK) if not cells.is_missing(cell)]
    return 2 * sum(number(cell) is not None for cell in present) < len(present)


def numbers(table: Table, name: str, gaps: bool = False, if_missing: str = "") -> Array:
    """Return a column's numbers [N] in float64; DataError for the first cell that is none, missing
    or infinite.

    Args:
        gaps: a missing one is NaN instead.
        if_missing: what to do about one; empty: as for inputs.
    """
    import numpy as np

    cells = table.column(name)
    values = (
        cells.numbers if cells.numbers is not None else as_numbers(cells.texts, cells.is_missing)
    )
    if values is None:
        raise not_a_number(table, name, gaps, if_missing)
    if not gaps and np.isnan(values).any():
        refuse_missing(table, int(np.isnan(values).argmax()), name, if_missing)
    if np.isinf(values).any():
        raise not_a_number(table, name, gaps, if_missing)
    return values


def not_a_number(table: Table, name: str, gaps: bool, if_missing: str) -> DataError:
    """Return the error about a column's first cell that is no finite number; see ``numbers``."""
    cells = table.columns[name]
    for row, cell in enumerate(cells):
        if gaps and cells.is_missing(cell):
            continue
        value = number(cell)
        if value is None or not isfinite(value):
            refuse_missing(table, row, name, if_missing)
            what = "is not a number" if value is None else "is not finite"
            comma = (
                "; decimals need a point, or set data.decimal or data.thousands"
                if "," in cell
                else ""
            )
            return table.error(row, name, f"{cell!r} {what}", f"correct or remove the row{comma}")
    raise AssertionError("every cell must be a finite number")


UNFILLED = (
    "fill it in or remove such rows: no cell of this column was missing in training, so the run "
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
    missing = cells.missing
    if missing[row]:
        said = cells[row]
        word = (
            f"; if {said!r} is a value, set data.missing_values to the words that are not"
            if said
            else ""
        )
        raise table.error(
            row,
            name,
            f"the value is missing, as in {missing.sum()} of the column's {len(missing)} cells",
            (
                hint
                or "fill it in or remove such rows; a recipe can do so with data.missing: fill or "
                f"drop, or remove the column with data.drop: [{name}]"
            )
            + word,
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
                f"remove it (data.drop: [{feature}])",
            )
    return found


def fill_gaps(x: torch.Tensor, fills: torch.Tensor) -> None:
    """Put ``fills`` [features] in the place of the NaNs of inputs [N, features]."""
    for column, value in zip(x.unbind(1), fills.tolist(), strict=True):
        column[column.isnan()] = value
