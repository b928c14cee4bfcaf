"""A run as the recipe plans it, played without training: what a short run cannot show.

Stoppers and schedules are functions of the step and of the evaluations. Here they get made-up
evaluations, which always improve or never do, so that what they would do to the whole run is known
before it begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from trickrun.findings.evidence.facts import MonitorFacts
from trickrun.recipe.schema import Recipe, Train
from trickrun.tricks.metrics import metric_named
from trickrun.tricks.monitor import Monitor, higher_is_better
from trickrun.tricks.schedules import Span

LONGEST = 10_000
"""Patience up to which a part is played. Hardly any run has as many evaluations."""

Acts = Callable[[Sequence[Mapping[str, float]]], bool]
"""Whether a part of the recipe acts after such evaluations."""


def evaluations_of(train: Train, span: Span | None) -> int | None:
    """Return how often a run is evaluated; None where only the data could tell."""
    if span is not None:
        return span.evaluations(train.eval_every or span.per_epoch)
    return train.epochs if train.steps is None and train.eval_every is None else None


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


def played(monitor: Monitor, patience: int, acts: Acts) -> MonitorFacts:
    """Return what ``acts`` does after evaluations that always improve, and that never do."""
    metric, higher = metric_named(monitor.name), higher_is_better(monitor.name)
    facts = MonitorFacts(
        monitor=monitor.monitor,
        mode="max" if monitor.maximizes else "min",
        higher_is_better=higher,
        patience=patience,
        min_delta=monitor.min_delta,
        range=1.0 if metric is not None and metric.is_share else None,
    )
    if patience > LONGEST:
        return facts
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
