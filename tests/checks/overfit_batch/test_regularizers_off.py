"""Checks look at the network alone: every regularizer of the schema is off in them, and listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from trickrun.checks.initial_loss.measure import constants_of, measure
from trickrun.checks.interventions.regularizers import beside_loss, declared
from trickrun.checks.overfit_batch.overfit_batch_check import one_batch
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import Loaded, from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.tricks.regularizers import Regularizers

NAMES = list(Regularizers.model_fields)
IN_THE_LOSS = {"l1", "l2", "elastic_net", "label_smoothing"}
MODELS = {
    "spatial_dropout": {"kind": "cnn", "channels": [4], "hidden": [8]},
    "stochastic_depth": {"kind": "resnet", "depth": 8, "width": 4},
}


def recipe(name: str, value: Any = None) -> Loaded:
    """A recipe with this regularizer at its defaults, for a model on which it acts."""
    tree = canonical(
        {
            "data": {"kind": "digits", "subset": {"n": 64}, "batch_size": 32},
            "model": MODELS.get(name, {"kind": "mlp", "hidden": [8]}),
            "regularizers": {name: {}} if value is None else {},
            "train": {"device": "cpu"},
        }
    )
    return Loaded(from_tree(tree), tree, "", Path("r.yaml"), Path())


@cache
def data() -> Prepared:
    return prepare(recipe("l2").recipe.data, Path())


@pytest.mark.parametrize("name", NAMES)
def test_one_batch_is_fitted_without_it_and_it_is_put_back(name):
    loaded = recipe(name)
    base = one_batch(RecipeSubject(loaded), 8, 10)
    assert base.recipe.regularizers == Regularizers()
    (back,) = declared(loaded)
    assert back.path == f"regularizers.{name}"
    assert set(back.back) == {back.path}


@pytest.mark.parametrize("name", NAMES)
def test_grad_check_leaves_out_what_is_no_term_of_the_loss(name):
    off = [] if name in IN_THE_LOSS else [f"regularizers.{name}"]
    assert beside_loss(recipe(name)) == off


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"label_smoothing"}))
def test_the_initial_loss_is_that_of_the_network_alone(name):
    jobs = [compile_recipe(r.recipe, Path(), data()) for r in (recipe(name), recipe(name, "off"))]
    indices = jobs[0].order(0)[:32]
    found = [measure(job, indices, constants_of(job, indices)) for job in jobs]
    assert found[0].loss == found[1].loss
    assert (found[0].penalty > 0) == (name in IN_THE_LOSS)
