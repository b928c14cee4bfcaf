"""One measure of how good a short training is, comparable between losses, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trickrun.data.prepare import Prepared
from trickrun.data.task import Task

LOWEST = -0.5
"""Skill of a training that diverged, and of everything worse: how far off it is means nothing."""


def metric_name(task: Task) -> str:
    """Return the metric that skill is made of."""
    return "accuracy" if task.kind == "classification" else "r2"


def skill(values: Mapping[str, float], task: Task, split: str = "val") -> float:
    """Return how far an evaluation is on the way from the best constant answer (0) to a perfect
    one (1), between LOWEST and 1.

    For classes that is the accuracy above the share of the largest class, for values r2.

    Args:
        values: of an evaluation, with names such as val_accuracy; empty if the training diverged.
    """
    value = values.get(f"{split}_{metric_name(task)}", math.nan)
    if not math.isfinite(value):
        return LOWEST
    if task.kind == "classification":
        largest = max(task.priors)
        value = (value - largest) / max(1 - largest, 1e-9)
    return min(1.0, max(LOWEST, value))


def standard_error(level: float, data: Prepared) -> float:
    """Return the standard error of a skill of ``level``, by the number of validation samples.

    For classes it is that of a share. For values a sample's squared error is taken to spread 1.4
    times as much as its mean, as those of normal errors do.
    """
    count = len(data.val) if data.val is not None else len(data.train)
    left = 1 - min(max(level, 0.0), 1.0)
    if data.task.kind == "classification":
        room = 1 - max(data.task.priors)
        wrong = min(left * room, 0.5)
        # One sample more or less is always possible.
        return max(math.sqrt(wrong * (1 - wrong) / count), 1 / count) / max(room, 1e-9)
    return 1.4 * left / math.sqrt(count)
