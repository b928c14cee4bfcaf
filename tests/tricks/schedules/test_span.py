"""A run's length in steps, and that all who need it agree."""

from pathlib import Path

import pytest

from trickrun.data.splits.prepare import prepare
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.tricks.schedules import Span


@pytest.mark.parametrize(
    ("samples", "step_size", "drop_last", "epochs", "steps", "expected"),
    [
        (100, 10, False, 3, None, (30, 10)),
        (101, 10, False, 3, None, (33, 11)),
        (109, 10, True, 3, None, (30, 10)),
        (101, 10, False, 3, 7, (7, 11)),
        (5, 10, True, 2, None, (2, 1)),  # an epoch has at least one step
    ],
)
def test_length(samples, step_size, drop_last, epochs, steps, expected):
    span = Span.of(samples, step_size, drop_last, epochs, steps)
    assert (span.steps, span.per_epoch) == expected


def test_a_job_is_as_long_as_its_orders_are():
    """The loop walks through orders; the span says after how many steps one ends."""
    data = {"kind": "iris", "batch_size": 16, "drop_last": True}
    tree = {"data": data, "model": {"kind": "mlp"}, "train": {"epochs": 2, "accumulate": 2}}
    recipe = from_tree(canonical(tree))
    job = compile_recipe(recipe, Path(), prepare(recipe.data, Path()))
    whole = [len(part) for part in job.order(0).split(job.step_size)]
    assert job.span.per_epoch == sum(size == 32 for size in whole)
    assert job.span.steps == 2 * job.span.per_epoch
