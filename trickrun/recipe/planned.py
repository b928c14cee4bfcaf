"""A run as the recipe plans it, played without training: what a short run cannot show.

Stoppers and schedules are functions of the step and of the evaluations. Here they get made-up
evaluations, which always improve or never do, so that what they would do to the whole run is known
before it begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from trickrun.findings.evidence.facts import MonitorFacts
from trickrun.recipe.expect import CONDITION, met
from trickrun.recipe.schema import Recipe, Train
from trickrun.tricks.metrics import metric_named
from trickrun.tricks.monitor import Monitor, higher_is_better
from trickrun.tricks.optimizers import Optimizer
from trickrun.tricks.schedules import Span
from trickrun.tricks.train.gradual_unfreezing import GradualUnfreezing

if TYPE_CHECKING:
    from trickrun.tricks.regularizers.swa import SWA

LOOKS = 1000
"""Steps of a schedule that are looked at."""

SHORT, LONG = 50, 500
"""Steps that an epoch is taken to have where only the data tell: what comes out alike for both
holds for the run."""

ALIKE = 0.1
"""Relative difference of what is taken for alike."""

NEAR = 0.99
"""Share of the highest rate that counts as reaching it, for a peak between two looks."""

LONGEST = 10_000
"""Patience up to which a part is played. Hardly any run has as many evaluations."""

Acts = Callable[[Sequence[Mapping[str, float]]], bool]
"""Whether a part of the recipe acts after such evaluations."""


def evaluations_of(train: Train, span: Span | None) -> int | None:
    """Return how often a run is evaluated; None where only the data could tell."""
    if span is not None:
        return span.evaluations(train.eval_every or span.per_epoch)
    return train.epochs if train.steps is None and train.eval_every is None else None


@dataclass(frozen=True)
class Shape:
    """What a learning rate does over a run.

    Args:
        peak: the highest rate.
        peak_at: the share of the run after which that is reached.
        mean: the mean rate over the highest one.
        late: the share of all rates' sum in the second half.
    """

    peak: float
    peak_at: float
    mean: float
    late: float


def spans_alike(train: Train, span: Span | None, exact: bool) -> tuple[Span, ...]:
    """Return runs of which the recipe's is one, as far as its text tells.

    Args:
        exact: whether ``span`` knows the length of an epoch.
    """
    if span is None:
        return tuple(Span(train.epochs * steps, steps) for steps in (SHORT, LONG))
    if exact:
        return (span,)
    return Span(span.steps, 1), Span(span.steps, span.steps)


def shape_of(optimizer: Optimizer, alike: Sequence[Span]) -> Shape | None:
    """Return the shape that a schedule has in all of the runs ``alike``; None if they differ."""
    first, *others = (shape(rates_of(optimizer, span)) for span in alike)
    for other in others:
        for one, two in zip(astuple(first), astuple(other), strict=True):
            if abs(one - two) > ALIKE * max(abs(one), abs(two), ALIKE):
                return None
    return first


def shape(rates: Sequence[float]) -> Shape:
    """Return the shape of learning rates at even distances over a run."""
    peak, whole = max(rates), sum(rates)
    if not 0 < whole < math.inf:
        return Shape(peak, rates.index(peak) / len(rates), 1.0, 1.0)
    reached = next(index for index, rate in enumerate(rates) if rate >= NEAR * peak)
    late = sum(rates[len(rates) // 2 :]) / whole
    return Shape(peak, reached / len(rates), whole / len(rates) / peak, late)


def rates_of(optimizer: Optimizer, span: Span) -> list[float]:
    """Return the learning rate over the run, at evenly spaced steps of a long one."""
    stride = max(1, span.steps // LOOKS)
    return [rate(optimizer, step, span) for step in range(stride // 2, span.steps, stride)]


def rate(optimizer: Optimizer, step: int, span: Span) -> float:
    """Return the learning rate at one step; infinity if it is too large for a number."""
    try:
        return optimizer.schedule.lr(optimizer.lr, step, span)
    except OverflowError:
        return math.inf


def averaged(swa: SWA, span: Span) -> int:
    """Return how many sets of weights an average has at the end of a run, counted up to 2."""
    every, count = swa.every or span.per_epoch, 0
    begin = max(int(swa.start * span.steps) // every * every, every)
    for step in (*range(begin, span.steps, every), span.steps):
        count += swa.share(step, count, span) is not None
        if count == 2:
            break
    return count


def unfrozen(unfreezing: GradualUnfreezing, span: Span) -> int:
    """Return how many layers, from the head, the last step of a run would train."""
    return unfreezing.trained(span.steps - 1, span)


def unreachable(expect: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the expectations of metrics between 0 and 1 that no such value meets."""
    for path, condition in expect.items():
        name = path.split(".", 1)[-1].removeprefix("val_")
        metric, match = metric_named(name), CONDITION.match(condition)
        if metric is None or not metric.is_share or match is None:
            continue
        if not any(met(value, condition) for value in (0.0, 1.0, min(max(float(match[2]), 0), 1))):
            yield path, condition


def in_all(values: Iterable[int]) -> int | None:
    """Return the value that all of them are; None if they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def monitor_facts(recipe: Recipe) -> Iterator[MonitorFacts]:
    """Yield what each part of a recipe that watches the evaluations makes of made-up ones."""
    stopping = recipe.early_stopping
    if stopping is not None:
        facts = played(stopping, stopping.patience, stopping.stop)
        yield replace(
            facts,
            path="early_stopping",
            kind="early_stopping",
            ends_run=True,
            keeps_best=stopping.restore_best,
        )
    schedule, lr = recipe.optimizer.schedule, recipe.optimizer.lr
    if schedule.watches is not None:

        def lowers(history: Sequence[Mapping[str, float]]) -> bool:
            return schedule.scale(lr, history) < 1

        facts = played(schedule.watches, getattr(schedule, "patience", 0), lowers)
        yield replace(
            facts, path="optimizer.schedule", kind=f"schedule {schedule.kind_name}", ends_run=False
        )
    if recipe.grid is not None:
        rank = Monitor(monitor=recipe.grid.metric, mode=recipe.grid.mode)
        # It acts on trials, not on evaluations: there is nothing to play.
        yield replace(seen(rank), path="grid", kind="grid", blind=is_backwards(rank))


def seen(monitor: Monitor) -> MonitorFacts:
    """Return what a part watches, and how."""
    metric = metric_named(monitor.name)
    return MonitorFacts(
        monitor=monitor.monitor,
        mode="max" if monitor.maximizes else "min",
        higher_is_better=higher_is_better(monitor.name),
        range=1.0 if metric is not None and metric.is_share else None,
    )


def is_backwards(monitor: Monitor) -> bool | None:
    """Return whether a better value has the higher badness; None if nobody knows what is better."""
    higher = higher_is_better(monitor.name)
    if higher is None:
        return None
    worse, better = monitor.badnesses([{monitor.monitor: float(v)} for v in (not higher, higher)])
    return better > worse


def played(monitor: Monitor, patience: int, acts: Acts) -> MonitorFacts:
    """Return what ``acts`` does after evaluations that always improve, and that never do."""
    facts = replace(seen(monitor), patience=patience, min_delta=monitor.min_delta)
    higher = facts.higher_is_better
    if patience > LONGEST:
        return replace(facts, blind=is_backwards(monitor))
    # Each value is better than the one before by more than min_delta, which is judged by itself.
    better = (monitor.min_delta + 1) * (1 if higher else -1)
    # The first evaluation has none to be compared with, and a part may let one more pass.
    improving, level = (
        [{monitor.monitor: change * index} for index in range(patience + 2)]
        for change in (better, 0.0)
    )
    return replace(
        facts,
        blind=None if higher is None else acts(improving),
        acts_after=next((n for n in (patience + 1, patience + 2) if acts(level[:n])), math.inf),
    )
