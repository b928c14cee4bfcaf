"""The short training that a diagnosis compares everything with: few samples, few steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from trickrun.checks.diagnose.skill import metric_name
from trickrun.checks.verdict import derive
from trickrun.compiler import compile_recipe
from trickrun.data.prepare import Prepared, prepare
from trickrun.loop import take_step
from trickrun.recipe.load import Loaded
from trickrun.tricks.schedules import Span

SAMPLES, VALIDATED, STEPS = 4000, 1000, 300
"""Training samples, validation samples and steps of a short training, at most."""

TIMED = 5
"""Steps whose time is taken."""

EVALUATIONS = 5
"""How often it is validated; the best evaluation counts, as it does in a training."""


@dataclass(frozen=True)
class Short:
    """A recipe made short.

    Args:
        loaded: the user's recipe.
        recipe: the short one, from which every arm is derived.
        data: what the short one trains on.
        span: the length of the user's own training.
        samples: training samples of the user's own training.
        step_seconds: what a step takes.
    """

    loaded: Loaded
    recipe: Loaded
    data: Prepared
    span: Span
    samples: int
    step_seconds: float

    @property
    def steps(self) -> int:
        """Steps of the short training."""
        steps = self.recipe.recipe.train.steps
        assert steps is not None
        return steps


def shorten(loaded: Loaded) -> Short:
    """Return ``loaded`` cut down to what a diagnosis trains again and again.

    A run that is shorter anyway keeps its length, and one on fewer samples all of them: then the
    short training is the real one.

    Raises TrickrunError if the recipe cannot become a job.
    """
    whole = prepare(loaded.recipe.data, loaded.folder)
    span = compile_recipe(loaded.recipe, loaded.folder, whole).span
    changes = {**fewer_samples(loaded, whole), **length(min(span.steps, STEPS))}
    name = metric_name(whole.task)
    others = [dict(metric) for metric in loaded.tree.get("metrics") or ()]
    changes["metrics"] = [{"kind": name}, *(m for m in others if m["kind"] != name)]
    changes |= {"early_stopping": None, "expect": None, "grid": None}
    recipe = derive(loaded, changes)
    data = prepare(recipe.recipe.data, recipe.folder)
    return Short(loaded, recipe, data, span, len(whole.train), timed(recipe, data))


def timed(recipe: Loaded, data: Prepared) -> float:
    """Return the seconds of a training step, on a job that is thrown away.

    The fastest of a few, because the first ones also import and other work only slows them.
    """
    job = compile_recipe(recipe.recipe, recipe.folder, data)
    batches = job.batches(0)
    seconds = []
    for step in range(TIMED):
        started = time.perf_counter()
        take_step(job, next(batches), step, [], logged=False)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def length(steps: int) -> dict[str, Any]:
    """Return the changes for a training of ``steps`` steps."""
    return {
        "train.steps": steps,
        "train.eval_every": -(-steps // EVALUATIONS),
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
