"""Inputs that tell the target alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional

from trickrun.checks.leakage.learners import class_skill, linear_answers, nearest, skill_of
from trickrun.checks.leakage.table import ROWS, Table, is_id
from trickrun.findings.evidence.leaks import Telltale

FEWEST = 30
"""Samples, or different values, below which a perfect match may be chance. Own."""

TARGETS = 10
"""Targets that are looked at, of many."""

SEVERAL = 3
"""Columns that nearly tell the target, from beyond which on it is just an easy one. Own."""


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
    for target in y.T[:TARGETS]:
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
