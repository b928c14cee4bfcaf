"""What a table's columns give away that new samples will not have, as plain data.

A skill is 0 for a constant answer and 1 for a perfect one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Telltale:
    """A column among the inputs that tells the target alone.

    Args:
        column: its name.
        exact: whether each of its values goes with one target, and each target with one value;
            for values to predict, in order.
        numbering: whether it numbers the samples.
        alone: its skill; for values to predict, the size of the rank correlation.
        others: skill of all other columns together that are not exact.
        distinct: its different values.
        samples: in how many samples.
    """

    column: str
    exact: bool
    numbering: bool
    alone: float
    others: float
    distinct: int
    samples: int


@dataclass(frozen=True)
class TimeColumn:
    """A column of times.

    Args:
        column: its name.
        related: how much of the target its neighbours in time tell: 0 to 1.
        samples: in how many samples.
    """

    column: str
    related: float
    samples: int


@dataclass(frozen=True)
class Grouping:
    """A column with several samples a value, whose samples tell each other's target.

    Args:
        column: its name.
        groups: its different values.
        across: share of the validation and test samples whose group is in training too.
        within: skill of the answer that the others of its group give a sample.
        known: skill of the features where the nearest sample may be of the same group.
        new: the same where it may not.
    """

    column: str
    groups: int
    across: float
    within: float
    known: float
    new: float


@dataclass(frozen=True)
class Leaks:
    """What the columns of a table with names give away.

    Args:
        inputs: the columns that inputs are made of; 0 where nothing was looked at.
        telltales: inputs that tell the target alone, surest first.
        time: the column of times that the target depends on most.
        group: the column whose groups make a score most too good.
    """

    inputs: int = 0
    telltales: tuple[Telltale, ...] = ()
    time: TimeColumn | None = None
    group: Grouping | None = None
