"""A checked recipe as the evidence that findings rest on; no torch is needed."""

from __future__ import annotations

from trickrun.data.breast_cancer import BreastCancer
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.fashion_mnist import FashionMnist
from trickrun.data.iris import Iris
from trickrun.data.mnist import Mnist
from trickrun.data.wine import Wine
from trickrun.diagnose.data_evidence import DataEvidence
from trickrun.diagnose.static_evidence import Static
from trickrun.recipe.dump import resolved
from trickrun.recipe.schema import Recipe
from trickrun.tricks.schedules import Span

CLASSES = (BreastCancer, Digits, FashionMnist, Iris, Mnist, Wine)
"""Data kinds known to have classes."""

LOOKS = 1000
"""Steps of a schedule that are looked at to know its sum."""


def static_evidence(recipe: Recipe, data: DataEvidence | None = None) -> Static:
    """Return what is known of a recipe before it trains.

    Args:
        data: what its data set is like, if that was looked at.
    """
    task = task_of(recipe)
    if data is not None:
        task = "regression" if data.targets is not None else "classification"
    span = span_of(recipe, data)
    rates = rates_of(recipe, span) if span else []
    whole = sum(rates)
    return Static(
        recipe=resolved(recipe),
        task=task,
        steps=span.steps if span else None,
        travel=whole / len(rates) * span.steps if span else None,
        late=sum(rates[len(rates) // 2 :]) / whole if whole > 0 else None,
        data=data,
    )


def task_of(recipe: Recipe) -> str:
    """Return classification or regression; empty where only the data could tell."""
    data = recipe.data
    if isinstance(data, CLASSES):
        return "classification"
    if isinstance(data, Diabetes):
        return "regression"
    given = getattr(data, "task", "auto")
    return given if given in ("classification", "regression") else ""


def span_of(recipe: Recipe, data: DataEvidence | None) -> Span | None:
    """Return the length of the run in steps; None where only the data could tell."""
    if data is None:
        steps = recipe.train.steps
        # An epoch's length matters to few schedules, and not to the length of the run.
        return Span(steps, steps) if steps else None
    samples = data.train.samples
    size = samples if recipe.data.batch_size == "full" else recipe.data.batch_size
    size *= recipe.train.batches_a_step
    train = recipe.train
    return Span.of(samples, size, recipe.data.drop_last, train.epochs, train.steps)


def rates_of(recipe: Recipe, span: Span) -> list[float]:
    """Return the learning rate over the run, at evenly spaced steps of a long one."""
    stride = max(1, span.steps // LOOKS)
    optimizer = recipe.optimizer
    return [
        optimizer.schedule.lr(optimizer.lr, step, span)
        for step in range(stride // 2, span.steps, stride)
    ]
