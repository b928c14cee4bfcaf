"""The metrics of a recipe that lists none."""

from __future__ import annotations

from typing import Any

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._metric import METRICS, Metric

USUAL = {
    "next tokens": ("accuracy", "perplexity"),
    "classification": ("accuracy",),
    "regression": ("mae", "r2"),
    "multilabel": ("accuracy", "f1_macro"),
}
"""Kinds by what is to be predicted."""


def usual_metrics(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that are reported where a recipe lists none."""
    kinds: list[Any] = [
        METRICS[name] for name in USUAL["next tokens" if task.next_token else task.kind]
    ]
    return tuple(kind() for kind in kinds)


def usual_names(*, labels: bool) -> list[str]:
    """Return the names of all usual metrics, for a recipe whose task is not known yet.

    Args:
        labels: whether the task may be multilabel.
    """
    tasks = [task for task in USUAL if labels or task != "multilabel"]
    return list(dict.fromkeys(name for task in tasks for name in USUAL[task]))
