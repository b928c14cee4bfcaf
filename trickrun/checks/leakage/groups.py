"""Columns with several samples a value, whose samples tell each other's target."""

from __future__ import annotations

import re

import torch

from trickrun.checks.leakage.learners import linear_answers, nearest, skill_of
from trickrun.checks.leakage.table import ROWS, Table, is_id
from trickrun.findings.evidence.leaks import Grouping
from trickrun.nn.rng import generator

GROUPS = 20
"""Different values from which on a column may name groups. Own: bands of values are fewer."""

WHO = re.compile(
    r"patient|subject|person|user|customer|client|participant|speaker|session|group|household",
    re.IGNORECASE,
)
"""Names of columns that name what samples were taken of."""


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
