"""Were the inputs of an evaluation scaled by their own statistics, not by those of the training?

Rows that were scaled by the training data's statistics have a mean near 0, not one of exactly 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch.utils.data import TensorDataset

from trickrun.findings.evidence.program import OwnScale, Place
from trickrun.watching.models import Call
from trickrun.watching.tensors import outputs_of

FEWEST = 32
"""Samples from which on statistics of exactly 0 and 1 are no chance."""

MOST_VALUES = 500_000
"""Values of a tensor that are looked at: of more, those of the first columns."""

TRIES = 2
"""Looks at the inputs of one place."""

MOST_KEPT, MOST_NUMBERS = 32, 100_000
"""Rows of the training that are kept, and numbers of a row."""

EXACT = 1e-4
"""How near a mean must come to 0 and a deviation to 1; rounding in float32 leaves 1e-6, and the
mean of a thousand other samples lies 0.03 away."""

CONTINUOUS = 0.5
"""Share of different values in a column from which on its ends are single values."""

COLUMNS = 3
"""Columns with ends at exactly 0 and 1 from which on that is no chance."""


@dataclass
class OwnScales:
    """The inputs of the training beside those of evaluations."""

    rows: list[torch.Tensor] = field(default_factory=list)
    exact: int = 0
    loaders: set[int] = field(default_factory=set)
    found: dict[Place | None, OwnScale] = field(default_factory=dict)
    tries: Counter[Place | None] = field(default_factory=Counter)

    @torch.no_grad()
    def trained(self, calls: Iterable[Call]) -> None:
        """Keep a row of the inputs of each model that was trained on."""
        for call in calls:
            given = next(outputs_of([call.given]), None)
            if given is None or not is_known(given) or len(self.rows) >= MOST_KEPT:
                continue
            self.exact += how_scaled(given) != ""
            self.rows.append(given[0].detach().flatten().clone())

    @torch.no_grad()
    def tested(self, given: torch.Tensor | None, place: Place | None) -> None:
        """Look at the inputs of an evaluation."""
        if given is None or place in self.found or not self.rows or not is_known(given):
            return
        self.tries[place] += 1
        if self.tries[place] > TRIES:
            return
        how = how_scaled(given)
        if how and not self.is_usual() and not self.are_of_training(given):
            self.found[place] = OwnScale(place, how, len(given))

    def read(self, number: int, data: object, place: Place | None) -> None:
        """Look at the data of a loader that begins, once something was trained."""
        if not self.rows or number in self.loaders or not isinstance(data, TensorDataset):
            return
        self.loaders.add(number)
        self.tested(data.tensors[0], place)

    def is_usual(self) -> bool:
        """Whether each batch of the training is scaled by its own statistics too; not so where
        all samples are one batch."""
        other = any(not torch.equal(one, self.rows[0]) for one in self.rows)
        return other and self.exact >= len(self.rows) / 2

    def are_of_training(self, given: torch.Tensor) -> bool:
        """Whether samples of the training are among others."""
        flat = given.detach().reshape(len(given), -1)
        return any(
            bool((flat == row.to(flat.dtype)).all(1).any())
            for row in self.rows
            if len(row) == flat.shape[1] and row.device == flat.device
        )


def is_known(given: torch.Tensor) -> bool:
    """Whether a tensor has samples in rows of numbers."""
    return (
        given.layout == torch.strided
        and given.is_floating_point()
        and given.ndim > 1
        and given.numel() > 0
        and len(given) <= MOST_VALUES
        and given[0].numel() <= MOST_NUMBERS
    )


def how_scaled(given: torch.Tensor) -> str:
    """Return how the statistics of samples are exactly those of scaled ones: ``standard`` for means
    of 0 and deviations of 1, by column or all together, ``range`` for ends of 0 and 1; empty if
    they are not."""
    if len(given) < FEWEST:
        return ""
    rows = given.detach().reshape(len(given), -1)
    flat = rows[:, : max(1, MOST_VALUES // len(rows))].double()
    deviations, means = torch.std_mean(flat, 0, correction=0)
    varied = deviations > 0
    scaled = is_exact(means, deviations, len(flat)) & varied
    if int(scaled.sum()) >= max(1, min(2, flat.shape[1])) and 2 * scaled.sum() >= varied.sum():
        return "standard"
    deviation, mean = torch.std_mean(flat, correction=0)
    if rows.shape[1] == flat.shape[1] > 1 and bool(is_exact(mean, deviation, flat.numel())):
        return "standard"
    return "range" if is_ranged(flat) else ""


def is_exact(mean: torch.Tensor, deviation: torch.Tensor, count: int) -> torch.Tensor:
    """Whether means are 0 and deviations 1, of all samples or as an estimate."""
    one = (deviation - 1).abs() < EXACT
    estimated = (deviation * (count / (count - 1)) ** 0.5 - 1).abs() < EXACT
    exact: torch.Tensor = (mean.abs() < EXACT) & (one | estimated)
    return exact


def is_ranged(flat: torch.Tensor) -> bool:
    """Whether all columns of different values end at exactly 0 and 1."""
    if flat.shape[1] < COLUMNS or flat.shape[1] > MOST_NUMBERS // 10:
        return False
    ends = (flat.amin(0).abs() < EXACT) & ((flat.amax(0) - 1).abs() < EXACT)
    if int(ends.sum()) < COLUMNS:
        return False
    ordered = flat.sort(0).values
    different = (ordered[1:] != ordered[:-1]).sum(0) >= CONTINUOUS * len(flat)
    return bool(ends[different].all()) and int(different.sum()) >= COLUMNS
