"""A table with all of its splits, as leaks are looked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional

from trickrun.data.splits.prepare import Prepared

MOST, CHUNK, CELLS, INPUTS = 20_000, 100, 400_000, 1_200_000
"""Samples that are looked at: of more, chunks of the file at even distances, so that neighbours and
groups stay together. Of many classes or features less: each sample costs a cell for each of them.
Own: with these bounds a look takes less than a second."""

CLASSES, FEATURES = 100, 500
"""Classes and features beyond which nothing is compared, for it would take seconds."""

ROWS = 2048
"""Samples on which learners are compared: distances between all pairs take some 30 ms."""

ID = re.compile(r"(^|[_\W])(id|uuid|guid|nr|no|number|index|row|key|code)($|[_\W])", re.IGNORECASE)
CAMEL_ID = re.compile(r"[a-z](Id|ID|Nr|No)$")
"""Names of columns that number or name samples."""

PART = re.compile(r"(.+)\.(?:month|weekday|yearday|hour)_(?:sin|cos)")
"""Names of features that are parts of dates."""


@dataclass(frozen=True)
class Table:
    """The samples of all splits in the order of the file.

    Args:
        x: inputs [N, features] in float64.
        y: one-hot classes [N, classes], or values [N, targets], in float64.
        classes: class indices [N]; None for values.
        owners: the table's column that each feature is made of.
        columns: by name, what of each column can be compared [N]; -1 where a cell is missing.
        kinds: by name: feature (a number that is an input), or the kind of a column of text that
            is one (texts, times, numbers), or ``unused`` and that kind.
        train: which samples [N] are trained on.
        total: the samples in the file.
    """

    x: torch.Tensor
    y: torch.Tensor
    classes: torch.Tensor | None
    owners: tuple[str, ...]
    columns: Mapping[str, torch.Tensor]
    kinds: Mapping[str, str]
    train: torch.Tensor
    total: int

    def __len__(self) -> int:
        return len(self.x)

    @property
    def inputs(self) -> list[str]:
        """The columns that inputs are made of."""
        return [name for name, kind in self.kinds.items() if not kind.startswith("unused")]

    def without(self, left_out: set[str], rows: torch.Tensor) -> torch.Tensor:
        """Return standardized inputs of ``rows`` but those made of the columns ``left_out``."""
        kept = [place for place, owner in enumerate(self.owners) if owner not in left_out]
        if not kept:
            return self.x[rows][:, :0]
        x = self.x[rows][:, kept]
        std = x.std(0, correction=0)
        return ((x - x.mean(0)) / std.where(std > 0, 1.0))[:, std > 0]


def as_table(data: Prepared) -> Table | None:
    """Return the samples of a table whose columns have names, or None."""
    names, x = data.task.features, data.train.x
    named = x.ndim == 2 and 0 < len(names) == x.shape[1] and "train" in data.rows
    if not named or len(names) > FEATURES or data.task.classes > CLASSES or data.task.vocabulary:
        return None
    split = {"train": data.train, "val": data.val, "test": data.test}
    present = {name: part for name in data.rows if (part := split[name]) is not None}
    rows = torch.cat([data.rows[name] for name in present])
    most = min(MOST, CELLS // max(1, data.task.classes), INPUTS // len(names))
    order = chunks(rows.argsort(), most)
    x, y, trained = (
        torch.cat(parts).cpu()[order]
        for parts in (
            [part.x for part in present.values()],
            [part.y for part in present.values()],
            [torch.full((len(part),), name == "train") for name, part in present.items()],
        )
    )
    classes = y if data.task.kind == "classification" else None
    one_hot = functional.one_hot(y, data.task.classes) if classes is not None else y
    inputs, rows = data.original(x), rows[order]
    columns = {column.name: column.values[rows].double() for column in data.columns}
    kinds = {c.name: c.kind if c.used else f"unused {c.kind}" for c in data.columns}
    owners = tuple(owner(name, columns) for name in names)
    for place, name in enumerate(owners):
        categories = bool(data.task.rows) and data.task.rows[place] > 0
        dates = kinds.get(name) == "times"
        if name not in columns or (names[place] == name and not categories and not dates):
            columns[name], kinds[name] = inputs[:, place], "feature"
    total = sum(len(part) for part in present.values())
    return Table(inputs, one_hot.double(), classes, owners, columns, kinds, trained, total)


def chunks(order: torch.Tensor, most: int) -> torch.Tensor:
    """Return about ``most`` of ``order`` [N], in chunks of neighbours at even distances."""
    if len(order) <= most:
        return order
    count = most // CHUNK
    starts = torch.arange(count) * (len(order) - CHUNK) // max(1, count - 1)
    return order[(starts[:, None] + torch.arange(CHUNK)).flatten().unique()]


def owner(feature: str, columns: Mapping[str, torch.Tensor]) -> str:
    """Return the column that a feature is made of: ``color`` of ``color=red``, ``when`` of
    ``when.month_sin``."""
    column, _, _ = feature.partition("=")
    if (part := PART.fullmatch(feature)) is not None:
        return part[1]
    return column if column in columns or feature.endswith("=(missing)") else feature


def is_id(name: str) -> bool:
    """Return whether a column's name says that it numbers or names something."""
    return ID.search(name) is not None or CAMEL_ID.search(name) is not None
