"""Time for a whole checklist: what trainings cost, and what of them shrinks to fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.recipe.grid import Range
from trickrun.recipe.schema import Recipe
from trickrun.recipe.space import searches
from trickrun.training.threads import cores
from trickrun.training.timing import seconds_a_step

MIN_TRIALS = 6
"""Trials below which a search says nothing."""

MIN_SAMPLES = 256
"""Training samples below which a training says nothing."""


@dataclass(frozen=True)
class Size:
    """The size of a search or contest.

    Args:
        trials: trainings.
        epochs: of each.
        samples: training samples of each; None: all.
        shrunk: what the budget took, in words.
    """

    trials: int
    epochs: int
    samples: int | None = None
    shrunk: tuple[str, ...] = ()


def fitted(
    wanted: Size,
    epoch_seconds: float,
    samples: int,
    seconds: float,
    fewest: int = MIN_TRIALS,
    smallest: int = MIN_SAMPLES,
) -> Size:
    """Return ``wanted`` shrunk to take about ``seconds``: trials first, then epochs, then samples.

    Args:
        epoch_seconds: time of one epoch on all ``samples`` on one core.
        fewest: trials that are kept whatever it costs.
        smallest: training samples that are kept whatever it costs.
    """
    affordable = seconds * cores() / epoch_seconds  # epochs on all samples
    if wanted.trials * wanted.epochs <= affordable:
        return wanted
    trials = max(min(wanted.trials, fewest), int(affordable / wanted.epochs))
    epochs = min(wanted.epochs, max(1, int(affordable / trials)))
    share = min(1.0, affordable / (trials * epochs))
    kept = max(int(samples * share), min(samples, smallest))
    shrunk = [
        f"{name} {before} -> {after}"
        for name, before, after in (
            ("trials", wanted.trials, trials),
            ("epochs", wanted.epochs, epochs),
            ("training samples", samples, kept),
        )
        if after < before
    ]
    return Size(trials, epochs, kept if kept < samples else None, tuple(shrunk))


def fewest_samples(recipe: Recipe) -> int:
    """Return the training samples that are kept whatever they cost."""
    return max(MIN_SAMPLES, largest_batch(recipe))


def largest_batch(recipe: Recipe) -> int:
    """Return the samples that fill the largest batch that the recipe or its searches ask for."""
    sizes: list[Any] = [recipe.data.batch_size]
    for _, space in searches(recipe):
        values = space.get("data.batch_size", Range(choice=(1,)))
        sizes += getattr(values, values.taken[0])
    return max((size for size in sizes if isinstance(size, int)), default=1)


def epoch_seconds(subject: RecipeSubject) -> tuple[float, int]:
    """Return how long an epoch of training takes in this process, and its number of samples."""
    job = subject.job()
    return seconds_a_step(job) * job.span.per_epoch, len(job.data.train)


def cost(size: Size, epoch_seconds: float, samples: int) -> float:
    """Return the seconds that trainings of a ``size`` take, one a core.

    Args:
        epoch_seconds: time of one epoch on all ``samples`` on one core.
    """
    share = 1.0 if size.samples is None else size.samples / samples
    return size.trials * size.epochs * share * epoch_seconds / cores()
