"""The short training that a diagnosis compares everything with: few samples, few steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from trickrun.checks.diagnosis.skill import metric_for, skill
from trickrun.checks.lr_find.lr_find_check import Range
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import Task
from trickrun.recipe.load import Loaded, derive
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_to_measure, pick_metrics
from trickrun.training.threads import cores
from trickrun.training.timing import seconds_a_step
from trickrun.tricks.schedules import Span

SAMPLES, VALIDATED, STEPS = 4000, 1000, 300
"""Training samples, validation samples and steps of a short training, at most."""

FEWEST, TRAININGS, SECONDS = 100, 30, 100.0
"""Steps of a short training at least, trainings of a diagnosis, and the seconds that these may
take."""

LONGEST_SECONDS, FEWEST_SLOW = 15.0, 10
"""Seconds that FEWEST steps may take, and the steps of a training that is slower still."""

RANGE = Range(low=1e-6, high=10.0, steps=105, seeds=1)
"""Of a range test here: a fraction of what `lr-find` spends."""

EVALUATIONS = 5
"""Of a training that something watches."""


@dataclass(frozen=True)
class ProxyRun:
    """A recipe made short.

    Args:
        loaded: the user's recipe.
        recipe: the short one, from which every variant is derived.
        data: what the short one trains on.
        span: the length of the user's own training.
        samples: training samples of the user's own training.
        step_seconds: what a step takes.
        metric: what skill is made of; see skill.py.
        read_seconds: what reading and splitting the user's data took.
    """

    loaded: Loaded
    recipe: Loaded
    data: Prepared
    span: Span
    samples: int
    step_seconds: float
    metric: str
    read_seconds: float = 0.0

    @property
    def steps(self) -> int:
        """Steps of the short training."""
        steps = self.recipe.recipe.train.steps
        assert steps is not None
        return steps

    @property
    def evaluations(self) -> int:
        """How often a short training is evaluated; see ``length``."""
        return evaluations(self.loaded.recipe)

    def skill(self, value: float | None) -> float:
        """Return the skill of a value of ``metric``; see skill.py."""
        return skill(value, self.metric, self.data.task)

    def length(self, steps: int) -> dict[str, Any]:
        """Return the changes for a training of ``steps`` steps."""
        return length(steps, self.evaluations)


def shorten(loaded: Loaded) -> ProxyRun:
    """Return ``loaded`` cut down to what a diagnosis trains again and again.

    A run that is shorter anyway keeps its length, and one on fewer samples all of them: then the
    short training is the real one. Where steps are slow there are fewer, so that about TRAININGS
    take no more than SECONDS.

    Raises TrickrunError if the recipe cannot become a job.
    """
    started = time.perf_counter()
    whole = prepare(loaded.recipe.data, loaded.folder)
    read_seconds = time.perf_counter() - started
    span = compile_to_measure(loaded.recipe, loaded.folder, whole).span
    steps = min(span.steps, STEPS)
    changes = {**fewer_samples(loaded, whole), **length(steps, evaluations(loaded.recipe))}
    name = metric_for(loaded.recipe, whole.task)
    changes["metrics"] = metrics(loaded, whole.task, name)
    changes |= {"early_stopping": None, "expect": None, "grid": None}
    recipe = derive(loaded, changes)
    data = prepare(recipe.recipe.data, recipe.folder)
    seconds = timed(recipe, data)
    slow = max(FEWEST_SLOW, int(LONGEST_SECONDS / seconds))
    affordable = max(min(FEWEST, slow), int(SECONDS * cores() / TRAININGS / seconds))
    if affordable < steps:
        recipe = derive(recipe, length(affordable, evaluations(loaded.recipe)))
    return ProxyRun(loaded, recipe, data, span, len(whole.train), seconds, name, read_seconds)


def metrics(loaded: Loaded, task: Task, first: str) -> list[dict[str, Any]]:
    """Return the metric ``first`` and the recipe's, or the task's usual ones: a schedule may watch
    one of them."""
    usual = [{"kind": metric.kind_name} for metric in pick_metrics(loaded.recipe, task)]
    given = [dict(metric) for metric in loaded.tree.get("metrics") or usual]
    return [{"kind": first}, *(metric for metric in given if metric["kind"] != first)]


def timed(recipe: Loaded, data: Prepared) -> float:
    """Return the seconds of a training step, on a job that is thrown away."""
    return seconds_a_step(compile_to_measure(recipe.recipe, recipe.folder, data))


def evaluations(recipe: Recipe) -> int:
    """Return how often a short training is evaluated: once at its end, where overfitting shows,
    unless the recipe watches its evaluations; then the best of several counts."""
    watched = (recipe.early_stopping, recipe.optimizer.schedule.watches)
    return EVALUATIONS if any(part is not None for part in watched) else 1


def length(steps: int, evaluated: int) -> dict[str, Any]:
    """Return the changes for a training of ``steps`` steps, ``evaluated`` so many times."""
    return {
        "train.steps": steps,
        "train.eval_every": -(-steps // evaluated),
        "train.checkpoint": {"every": f"{steps} steps"},
    }


def fewer_samples(loaded: Loaded, whole: Prepared) -> dict[str, Any]:
    """Return the changes that leave SAMPLES to train on (never less than a batch) and about
    VALIDATED to validate on, where the recipe makes the split."""
    data = loaded.recipe.data
    changes: dict[str, Any] = {}
    most = max(SAMPLES, data.batch_size) if isinstance(data.batch_size, int) else SAMPLES
    if len(whole.train) > most:
        changes["data.subset"] = {"n": most}
    if whole.val is None:
        changes["data.split.val"] = 0.15
    elif len(whole.val) > VALIDATED and data.split.val > 0 and data.split.folds is None:
        changes["data.split.val"] = data.split.val * VALIDATED / len(whole.val)
    return changes
