"""What the losses of a program did, for the optimizer that they were for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from trickrun.findings.evidence.program import Backward, Program, SteppedOptimizer

JUDGED = 30
"""Losses of one line from which on their course is judged; own."""

FELL = 0.02
"""Share of its beginning by which a loss must fall to count as learning; own."""

STEADY = 0.4
"""Fall in the last third over that in the first from which on a loss still falls as it did; own: at
a rate that suits, losses fall fast and then slowly."""


SEARCHED = 3
"""Rates of optimizers from one line from which on they are a search; own."""


@dataclass(frozen=True)
class Course:
    """Where a loss began and went.

    Args:
        start: of the first batch, before any step.
        first, last: medians of the first and of the last tenth, five values at least.
        steadily: whether it still falls at the end as it did at the beginning.
        losses: how many.
    """

    start: float
    first: float
    last: float
    steadily: bool
    losses: int

    @property
    def fell(self) -> float:
        """The share of its beginning by which it fell; 0 if it did not, or is below 0."""
        return max(0.0, 1 - self.last / self.first) if self.first > 0 else 0.0

    @property
    def learned(self) -> bool:
        """Whether it clearly fell, and below where it was before the first step."""
        return self.last < min(self.first, self.start) - FELL * abs(self.first)


def main_optimizer(program: Program) -> SteppedOptimizer | None:
    """Return the optimizer that stepped most."""
    stepped = [one for one in program.optimizers if one.steps]
    return max(stepped, key=lambda one: one.steps, default=None)


def searches(program: Program) -> bool:
    """Whether a program tries several learning rates in turn: some are meant to be wrong."""
    rates: dict[object, set[float]] = {}
    for one in program.optimizers:
        if one.place is not None and one.lrs:
            rates.setdefault(one.place, set()).add(max(one.lrs))
    return any(len(tried) >= SEARCHED for tried in rates.values())


def site_of(program: Program, optimizer: SteppedOptimizer) -> Backward | None:
    """Return the backward passes that were most while an optimizer was in use."""
    if not optimizer.lr_steps:
        return None
    counted = [
        (sum(optimizer.lr_steps[0] - 1 <= at < optimizer.lr_steps[-1] for at in one.steps), i)
        for i, one in enumerate(program.backwards)
    ]
    most = max(counted, default=(0, 0))
    return program.backwards[most[1]] if most[0] else None


def losses_of(program: Program, optimizer: SteppedOptimizer) -> list[tuple[int, float]]:
    """Return the finite losses, with their passes, of the time in which an optimizer was in use."""
    site = site_of(program, optimizer)
    if site is None:
        return []
    first = optimizer.lr_steps[0] - max(1, round(site.per_step))
    # An optimizer that takes closures steps before its passes.
    last = max(optimizer.lr_steps[-1], first + 1)
    if optimizer is last_used(program):
        last = max(last, site.steps[-1] + 1)
    return [
        (at, loss)
        for at, loss in zip(site.steps, site.losses, strict=True)
        if first <= at < last and math.isfinite(loss)
    ]


def last_used(program: Program) -> SteppedOptimizer | None:
    """Return the optimizer that stepped last."""
    used = [one for one in program.optimizers if one.lr_steps]
    return max(used, key=lambda one: one.lr_steps[-1], default=None)


def course_of(program: Program, optimizer: SteppedOptimizer | None) -> Course | None:
    """Return what an optimizer's loss did; None if there are too few to judge."""
    if optimizer is None:
        return None
    return course([loss for _, loss in losses_of(program, optimizer)])


def course_by_hand(program: Program) -> Course | None:
    """Return what the loss of a program without optimizers did; None if there are too few."""
    main = program.main
    return course([one for one in main.losses if math.isfinite(one)]) if main is not None else None


def course(losses: list[float]) -> Course | None:
    """Return what losses did; None if there are too few to judge."""
    if len(losses) < JUDGED:
        return None
    part = max(5, len(losses) // 10)
    third = len(losses) // 3
    thirds = [median(losses[i * third : (i + 1) * third]) for i in range(3)]
    half = third // 2
    begin = median(losses[:half]) - median(losses[half:third])
    end = median(losses[-third:-half]) - median(losses[-half:])
    steadily = thirds[0] > thirds[1] > thirds[2] and (
        thirds[1] - thirds[2] >= STEADY * (thirds[0] - thirds[1]) and end >= STEADY * begin
    )
    return Course(losses[0], median(losses[:part]), median(losses[-part:]), steadily, len(losses))


def learns(program: Program) -> bool:
    """Whether the main loss clearly fell."""
    optimizer = main_optimizer(program)
    known = course_of(program, optimizer) if optimizer is not None else course_by_hand(program)
    return known is not None and known.learned
