"""One measure of how good a short training is, comparable between losses, and how sure it is."""

from __future__ import annotations

import math

from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import Task
from trickrun.recipe.schema import Recipe
from trickrun.tricks.metrics import metric_named, usual_metrics

LOWEST = -0.5
"""Skill of a training that diverged, and of everything worse: how far off it is means nothing."""


def metric_for(recipe: Recipe, task: Task) -> str:
    """Return the metric that skill is made of: the recipe's first that can measure it, else the
    task's usual one. So it is f1_macro where the recipe watches that, because classes are rare."""
    metrics = [m for m in (*(recipe.metrics or ()), *usual_metrics(task)) if m.measures(task.kind)]
    return next(metric.name for metric in metrics if metric.constant(task) is not None)


def skill(value: float | None, metric: str, task: Task) -> float:
    """Return how far a score is on the way from the best constant answer's (0) to a perfect one
    (1), between LOWEST and 1.

    Args:
        value: of the metric; None or NaN if the training diverged.
        metric: one that skill can be measured by; see ``metric_for``.
    """
    if value is None or not math.isfinite(value):
        return LOWEST
    kind = metric_named(metric)
    constant = kind.constant(task) if kind else None
    assert constant is not None, metric
    return min(1.0, max(LOWEST, (value - constant) / max(1 - constant, 1e-9)))


def standard_error(level: float, data: Prepared) -> float:
    """Return the standard error of a skill of ``level``, by the number of validation samples.

    For classes and labels it is that of a share. For values a sample's squared error is taken to
    spread 1.4 times as much as its mean, as those of normal errors do.
    """
    count = len(data.val) if data.val is not None else len(data.train)
    left = 1 - min(max(level, 0.0), 1.0)
    if data.task.kind == "classification":
        return of_a_share(left, max(data.task.priors), count)
    if data.task.kind == "multilabel":
        # A sample's labels may well be right or wrong together, so they count as one answer.
        return of_a_share(left, usual_accuracy(data.task), count)
    return 1.4 * left / math.sqrt(count)


def usual_accuracy(task: Task) -> float:
    """Return the accuracy of the best constant answer to labels."""
    return sum(max(p, 1 - p) for p in task.priors) / len(task.priors)


def of_a_share(left: float, constant: float, count: int) -> float:
    """Return the standard error of a skill that lacks ``left`` to 1, by a share of ``count``.

    Args:
        constant: the share that the best constant answer gets right.
    """
    room = 1 - constant
    wrong = min(left * room, 0.5)
    # One sample more or less is always possible.
    return max(math.sqrt(wrong * (1 - wrong) / count), 1 / count) / max(room, 1e-9)
