"""Whether a table's columns tell the target in a way that new samples will not have.

Three ways: a column that is the target in other words, times across which a random split mixes, and
groups of samples that know each other's target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from trickrun.data.splits.prepare import Prepared
from trickrun.findings.evidence.leaks import Grouping, Leaks, Telltale, TimeColumn
from trickrun.nn.rng import generator

MOST, CHUNK, CELLS = 20_000, 100, 400_000
"""Samples that are looked at: of more, chunks of the file at even distances, so that neighbours and
groups stay together. Of many classes less, for a sample costs a cell a class."""

ROWS = 2048
"""Samples on which learners are compared: distances between all pairs take some 30 ms."""

FEWEST = 30
"""Samples, or different values, below which a perfect match may be chance. Own."""

CLASSES, FEATURES = 100, 500
"""Classes and features beyond which nothing is compared, for it would take seconds."""

SEVERAL = 3
"""Columns that nearly tell the target, from beyond which on it is just an easy one. Own."""

GROUPS = 20
"""Different values from which on a column may name groups. Own: bands of values are fewer."""

BLOCK = 16
"""Samples whose targets are compared with those of other times."""

ID = re.compile(r"(^|[_\W])(id|uuid|guid|nr|no|number|index|row|key|code)($|[_\W])", re.IGNORECASE)
CAMEL_ID = re.compile(r"[a-z](Id|ID|Nr|No)$")
WHO = re.compile(
    r"patient|subject|person|user|customer|client|participant|speaker|session|group|household",
    re.IGNORECASE,
)
TIME = re.compile(
    r"(^|[_\W])(time|date|datetime|timestamp|day|week|month|year|hour)($|[_\W])", re.IGNORECASE
)


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


def leaks(data: Prepared) -> Leaks:
    """Return what the columns of a table with names give away; of other data nothing."""
    table = as_table(data)
    if table is None:
        return Leaks()
    inputs = len(table.inputs)
    return Leaks(inputs, telltales(table), time_column(table), grouping(table))


def as_table(data: Prepared) -> Table | None:
    """Return the samples of a table whose columns have names, or None."""
    names, x = data.task.features, data.train.x
    wide = x.ndim != 2 or len(names) != x.shape[1] or len(names) > FEATURES
    if wide or data.task.vocabulary or data.task.classes > CLASSES or "train" not in data.rows:
        return None
    split = {"train": data.train, "val": data.val, "test": data.test}
    present = {name: part for name in data.rows if (part := split[name]) is not None}
    rows = torch.cat([data.rows[name] for name in present])
    order = chunks(rows.argsort(), min(MOST, CELLS // max(1, data.task.classes)))
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
    inputs, rows = x.double(), rows[order]
    columns = {column.name: column.values[rows].double() for column in data.columns}
    kinds = {c.name: c.kind if c.used else f"unused {c.kind}" for c in data.columns}
    owners = tuple(owner(name, columns) for name in names)
    for place, name in enumerate(owners):
        if names[place] == name or name not in columns:
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
    """Return the column that a feature is made of: ``color`` of ``color=red``."""
    column, _, _ = feature.partition("=")
    return column if column in columns or feature.endswith("=(missing)") else feature


# What tells the target


def telltales(table: Table) -> tuple[Telltale, ...]:
    """Return the inputs that tell the target alone, surest first."""
    if len(table.inputs) < 2 or len(table) < FEWEST:
        return ()
    found = [found for name in table.inputs if (found := telltale(table, name)) is not None]
    exact = {f.column for f in found if f.exact}
    # Where several columns tell the target, the others do as well as each of them.
    easy = len(found) - len(exact) > SEVERAL
    judged = [
        f if f.exact else replace(f, others=1.0 if easy else together(table, {f.column, *exact}))
        for f in found
    ]
    return tuple(sorted(judged, key=lambda f: (not f.exact, -f.alone)))


def telltale(table: Table, name: str) -> Telltale | None:
    """Return how a column tells the target alone; None if it tells little."""
    values = table.columns[name]
    distinct, place = torch.unique(values, return_inverse=True)
    if len(distinct) < 2:
        return None
    numbered = numbering(table, name, distinct)
    if table.classes is None:
        alone, exact = of_values(place, len(distinct), table.y)
    else:
        ranges = not numbered and len(distinct) > len(table) / 20
        alone, exact = of_classes(place, len(distinct), table.classes, few_ranges=ranges)
    if not exact and alone < (0.5 if numbered else 0.98):
        return None
    return Telltale(name, exact, numbered, alone, 0.0, len(distinct), len(table))


def numbering(table: Table, name: str, distinct: torch.Tensor) -> bool:
    """Return whether a column numbers the samples: whole numbers, each once, that leave out few or
    that are named so and rise or fall with the lines of the file."""
    values = table.columns[name]
    if table.kinds[name] != "feature" or len(distinct) < len(values) or bool((values % 1).any()):
        return False
    steps = values.diff()
    monotone = bool((steps > 0).all()) or bool((steps < 0).all())
    dense = float(distinct[-1] - distinct[0]) < 2 * table.total
    return dense or (monotone and is_id(name))


def of_values(place: torch.Tensor, count: int, y: torch.Tensor) -> tuple[float, bool]:
    """Return the largest rank correlation of a column with a target, and whether one of the targets
    rises or falls strictly with it.

    Args:
        place: of each sample's value among the ``count`` different ones.
        y: values [N, targets].
    """
    best, exact = 0.0, False
    mine = ranks(place, count)
    for target in y.T:
        values, other = torch.unique(target, return_inverse=True)
        theirs = ranks(other, len(values))
        both = torch.corrcoef(torch.stack([mine, theirs]))[0, 1]
        best = max(best, abs(float(both.nan_to_num())))
        same = torch.equal(place, other) or torch.equal(count - 1 - place, other)
        exact = exact or (count >= FEWEST and count == len(values) and same)
    return best, exact


def ranks(place: torch.Tensor, count: int) -> torch.Tensor:
    """Return each sample's mean rank among all, from its value's place among ``count``."""
    sizes = place.bincount(minlength=count).double()
    return (sizes.cumsum(0) - (sizes - 1) / 2)[place]


def of_classes(
    place: torch.Tensor, count: int, y: torch.Tensor, *, few_ranges: bool
) -> tuple[float, bool]:
    """Return the skill of a column at telling classes, and whether each value has a class of its
    own.

    Each sample gets the most frequent class of the others with its value, or, without any, of the
    two next values.

    Args:
        place: of each sample's value among the ``count`` different ones.
        y: class indices [N].
        few_ranges: whether it is no skill if it takes many short ranges of values: it may be the
            memory of groups.
    """
    classes = int(y.max()) + 1
    counts = torch.zeros(count, classes).index_put_((place, y), torch.ones(len(y)), accumulate=True)
    pure = bool(((counts > 0).sum(1) == 1).all())
    exact = pure and count == int((counts.sum(0) > 0).sum())
    if few_ranges:
        runs = 1 + int((counts.argmax(1).diff() != 0).sum())
        if runs > 4 * classes + 0.02 * len(y):
            return 0.0, exact
    mates = counts[place] - functional.one_hot(y, classes)
    padded = functional.pad(counts, (0, 0, 1, 1))
    near = (padded[:-2] + padded[2:])[place]
    answer = mates.where(mates.sum(1, keepdim=True) > 0, near).argmax(1)
    return class_skill(answer, y), exact


def class_skill(answer: torch.Tensor, y: torch.Tensor) -> float:
    """Return the skill of class indices: 0 as the largest class, 1 perfect."""
    constant = float(y.bincount().max()) / len(y)
    right = float((answer == y).double().mean())
    return (right - constant) / (1 - constant) if constant < 1 else 0.0


def skill_of(answer: torch.Tensor, y: torch.Tensor, *, classes: bool) -> float:
    """Return the skill of answers [M, outputs] to one-hot classes or values."""
    if classes:
        return class_skill(answer.argmax(1), y.argmax(1))
    whole = (y - y.mean(0)).square().sum()
    return float(1 - (answer - y).square().sum() / whole) if whole > 0 else 0.0


def together(table: Table, left_out: set[str]) -> float:
    """Return the skill of the other columns together on samples that were left out one by one; 1
    if there are none to compare with."""
    rows = torch.arange(min(len(table), ROWS)) * len(table) // min(len(table), ROWS)
    x, y = table.without(left_out, rows), table.y[rows]
    if x.shape[1] == 0:
        return 1.0
    classes = table.classes is not None
    return max(
        skill_of(linear_answers(x, y), y, classes=classes),
        skill_of(y[nearest(x, None)], y, classes=classes),
    )


def linear_answers(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return what ridge regression without the sample itself answers to each sample."""
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    x = torch.cat([x, ones], 1)
    penalty = torch.eye(x.shape[1], dtype=x.dtype)
    inverse: torch.Tensor = torch.linalg.solve(x.T @ x + penalty, x.T)
    leverage = (x * inverse.T).sum(1, keepdim=True).clamp(max=0.999)
    return y - (y - x @ (inverse @ y)) / (1 - leverage)


def nearest(x: torch.Tensor, groups: torch.Tensor | None) -> torch.Tensor:
    """Return the index [M] of each sample's nearest other one; with ``groups`` [M], of the nearest
    one of another group."""
    distance = torch.cdist(x.float(), x.float())
    if groups is None:
        distance.fill_diagonal_(torch.inf)
    else:
        distance[groups[:, None] == groups] = torch.inf
    return distance.argmin(1)


# Times


def time_column(table: Table) -> TimeColumn | None:
    """Return the column of times that the target depends on most; None if there is none."""
    found = [
        TimeColumn(name, related(values, table.y), len(table))
        for name, values in table.columns.items()
        if is_time(table, name) and len(torch.unique(values)) > 2 and bool((values >= 0).all())
    ]
    return max(found, key=lambda column: column.related, default=None)


def is_time(table: Table, name: str) -> bool:
    """Return whether a column has times: it reads as such, or is named so and follows the file."""
    if table.kinds[name].endswith("times"):
        return True
    steps = table.columns[name].diff()
    monotone = bool((steps >= 0).all()) or bool((steps <= 0).all())
    return monotone and TIME.search(name) is not None and not table.kinds[name].endswith("texts")


def related(times: torch.Tensor, y: torch.Tensor) -> float:
    """Return how much of a target [N, outputs] its neighbours in time tell: the larger of the
    correlation with the one before, and the share of variance between blocks of neighbours.

    Samples of one time are mixed, as their order in the file may follow the target.
    """
    mixed = torch.randperm(len(times), generator=generator(0, "related"))
    y = y[mixed[times[mixed].argsort(stable=True)]]
    y = y - y.mean(0)
    whole = float(y.square().sum())
    if whole == 0 or len(y) < 2 * BLOCK:
        return 0.0
    after = float((y[1:] * y[:-1]).sum()) / whole
    return max(after, between_blocks(y, BLOCK))


def between_blocks(values: torch.Tensor, size: int) -> float:
    """Return the share of the variance of ``values`` [N, outputs] that lies between blocks of
    ``size``: 0 as for a random order, where it is 1 / size; 1 if each block holds one value."""
    count = len(values) // size
    if count < 2:
        return 0.0
    values = values[: count * size]
    whole = values.var(0, correction=0).sum()
    if whole == 0:
        return 0.0
    between = values.reshape(count, size, -1).mean(1).var(0, correction=0).sum()
    return max(0.0, float((between / whole - 1 / size) / (1 - 1 / size)))


# Groups


def grouping(table: Table) -> Grouping | None:
    """Return the column whose groups make a score most too good; None if there is none."""
    found = [
        found
        for name in table.columns
        if may_group(table, name) and (found := group_of(table, name)) is not None
    ]
    return max(found, key=lambda group: group.known - group.new, default=None)


def may_group(table: Table, name: str) -> bool:
    """Return whether a column may name groups: it is no input, or its name says so."""
    kind, values = table.kinds[name], table.columns[name]
    if kind.endswith("times") or bool((values % 1).any()):
        return False
    return kind.startswith("unused") or is_id(name) or WHO.search(name) is not None


def group_of(table: Table, name: str) -> Grouping | None:
    """Return what a group's samples tell of each other; None if they do not tell the target."""
    values = table.columns[name]
    known = values >= 0 if table.kinds[name] != "feature" else torch.ones_like(values).bool()
    distinct, place, sizes = torch.unique(values[known], return_inverse=True, return_counts=True)
    several, classes = int((sizes > 1).sum()), table.classes is not None
    few = 3 * table.y.shape[1] if classes else 0
    if several < max(GROUPS, few) or int(known.sum()) < 2 * len(distinct):
        return None
    y, train = table.y[known], table.train[known]
    trained = place[train].bincount(minlength=len(distinct)) > 0
    across = float(trained[place[~train]].double().mean()) if bool((~train).any()) else 0.0
    mates = sizes[place] > 1
    sums = torch.zeros(len(distinct), y.shape[1], dtype=y.dtype).index_add_(0, place, y)
    others = (sums[place] - y) / (sizes[place] - 1).clamp(min=1)[:, None]
    within = skill_of(others[mates], y[mates], classes=classes)
    if within < 0.8 or across < 0.5:
        return None
    rows, codes = whole_groups(place, len(distinct))
    kept = known.nonzero().flatten()[rows]
    x, y = table.without({name}, kept), table.y[kept]
    if x.shape[1] == 0:
        return None
    linear = skill_of(linear_answers(x, y), y, classes=classes)
    with_mates, without_mates = (
        max(linear, skill_of(y[nearest(x, groups)], y, classes=classes)) for groups in (None, codes)
    )
    return Grouping(name, len(distinct), across, within, with_mates, without_mates)


def whole_groups(place: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the samples [M] of about ROWS in whole groups, and their groups."""
    order = torch.randperm(count, generator=generator(0, "whole_groups"))
    sizes = place.bincount(minlength=count)[order].cumsum(0)
    chosen = order[: max(2, int((sizes <= ROWS).sum()))]
    rows = torch.isin(place, chosen).nonzero().flatten()[: 2 * ROWS]
    return rows, place[rows]


def is_id(name: str) -> bool:
    """Return whether a column's name says that it numbers or names something."""
    return ID.search(name) is not None or CAMEL_ID.search(name) is not None
