"""Whether targets stand beside the rows that they belong to, in the order that a file has them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trickrun.checks.diagnosis.left_out import left_out, ridge, standardized
from trickrun.data.splits.source import Source
from trickrun.findings.rules.data.alignment import Moved, Pairing

ROWS, FEWEST = 1200, 40
"""Rows that are looked at, and below which nothing can be told. The time grows with their cube:
about half a second on one core."""

FURTHEST = 3
"""Rows by which targets are moved up and down, at most."""

NEIGHBOURS, RIDGE = 9, 10.0
"""Of the one learner, and the penalty of the other, which is that of the reference's."""

COPY, SLACK = 0.99, 0.01
"""Correlation of an input with values from which on they are its copy, and the share of rows at
which the class may change in the order of an input beyond once a class."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Learners:
    """Nearest neighbours and a ridge regression that answer for each row without having seen it,
    for any targets at once.

    Args:
        neighbours: of each row [n, NEIGHBOURS].
        hat: what makes of targets [n, k] the regression's answers.
    """

    neighbours: Array
    hat: Array

    @classmethod
    def of(cls, x: Array) -> Learners:
        """Return them for standardized inputs [n, features]."""
        products = x @ x.T
        squares = products.diagonal()
        distances = squares[:, None] + squares - 2 * products
        np.fill_diagonal(distances, np.inf)
        neighbours = distances.argpartition(NEIGHBOURS, 1)[:, :NEIGHBOURS]
        return cls(neighbours, ridge(products, RIDGE))

    def answers(self, y: Array) -> tuple[Array, Array]:
        """Return what each learner answers [n, k] to targets [n, k], a row's own left out."""
        return y[self.neighbours].mean(1), left_out(self.hat, y)

    def skill(self, y: Array, classes: int) -> float:
        """Return the better one's skill.

        Args:
            y: class indices [n], or values [n, k] where there are no classes.
        """
        if classes:
            given = np.eye(classes)[y]
            most = float(given.mean(0).max())
            right = max(float((a.argmax(1) == y).mean()) for a in self.answers(given))
            return (right - most) / max(1 - most, 1e-9)
        spread = ((y - y.mean(0)) ** 2).sum(0)
        left = min(
            float((((a - y) ** 2).sum(0) / np.maximum(spread, 1e-12)).mean())
            for a in self.answers(y)
        )
        return 1 - left


def pairings(source: Source) -> list[Pairing]:
    """Return what the rows of each part say of its targets; parts that are too small are left out.

    The inputs of ``source`` are numbers.
    """
    classes = source.task.classes if source.task.kind == "classification" else 0
    found = []
    for name, (x, y) in source.parts.items():
        if len(x) >= FEWEST:
            alone = len(source.parts) == 1
            found.append(pairing(name, alone, x, y.cpu().numpy(), classes))
    return found


def pairing(part: str, alone: bool, inputs: Any, y: Array, classes: int) -> Pairing:
    """Return what the rows of one part say of its targets.

    Args:
        inputs: a tensor [N, *shape].
        y: class indices [N], or values [N, targets].
        classes: number of classes; 0 for values.
    """
    count = len(y)
    inside = np.arange(FURTHEST, count - FURTHEST)
    # At random: even distances would meet a period of the file again and again.
    chosen = np.sort(np.random.default_rng(0).permutation(inside)[:ROWS])
    x = standardized(inputs[chosen].flatten(1).double().cpu().numpy())
    learners = Learners.of(x)

    def skill(targets: Array) -> float:
        return learners.skill(targets[chosen], classes)

    shifts = [k for k in range(-FURTHEST, FURTHEST + 1) if k]
    moved = [Moved("shift", k, skill(np.roll(y, -k, 0))) for k in shifts]
    best = max(moved, key=lambda each: each.skill)
    moved.append(Moved("reversed", 0, skill(y[::-1])))
    border = 0.0
    if classes:
        ordered = np.sort(y)
        moved.append(Moved("sorted", 0, skill(ordered)))
        later = int(np.unique(y, return_counts=True)[1].min()) // 2
        border = skill(np.concatenate([np.repeat(ordered[:1], later), ordered[: count - later]]))
    in_place = skill(y)
    highest = max(each.skill for each in moved)
    return Pairing(
        part=part,
        alone=alone,
        samples=len(chosen),
        in_place=in_place,
        error=math.hypot(*(error_of(s, y, classes, len(chosen)) for s in (in_place, highest))),
        moved=tuple(moved),
        border=border,
        lagged=is_copy(x, np.roll(y, -best.rows, 0)[chosen], classes),
        serial=serial(inputs, y, classes),
        ordered=in_order(y),
    )


def error_of(level: float, y: Array, classes: int, count: int) -> float:
    """Return the standard error of a skill; see ``skill.standard_error``."""
    left = 1 - min(max(level, 0.0), 1.0)
    if not classes:
        return 1.4 * left / math.sqrt(count)
    room = max(1 - float(np.bincount(y).max()) / len(y), 1e-9)
    wrong = min(left * room, 0.5)
    return math.sqrt(wrong * (1 - wrong) / count) / room


def is_copy(x: Array, y: Array, classes: int) -> bool:
    """Whether one input alone says what the targets are, as where a target is a later input.

    Args:
        x: standardized inputs [n, features].
        y: class indices [n], or values [n, targets].
    """
    if classes:
        changes = np.diff(y[x.argsort(0, kind="stable")], axis=0) != 0
        return bool((changes.sum(0) <= len(np.unique(y)) - 1 + SLACK * len(y)).any())
    values = standardized(y.astype(float))
    return bool((np.abs(x.T @ values / len(x)).max(0) >= COPY).all())


def serial(inputs: Any, y: Array, classes: int) -> float:
    """Return how alike neighbours in the file are, inputs or targets, whichever are more."""
    count = min(len(y), ROWS)
    x = standardized(inputs[:count].flatten(1).double().cpu().numpy())
    targets = np.eye(classes)[y[:count]] if classes else y[:count].astype(float)
    return max(likeness(x), likeness(targets))


def likeness(rows: Array) -> float:
    """Return the correlation of neighbouring rows [n, k], over all columns together."""
    spread = float(rows.var(0).sum())
    return 1 - float((np.diff(rows, axis=0) ** 2).mean(0).sum()) / (2 * spread) if spread else 0.0


def in_order(y: Array) -> bool:
    """Whether targets [N] or [N, 1] rise or fall throughout, with more values than one."""
    steps = np.diff(y.reshape(len(y), -1), axis=0)
    return steps.shape[1] == 1 and bool(steps.any() and ((steps >= 0).all() or (steps <= 0).all()))
