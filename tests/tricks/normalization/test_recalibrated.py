"""Batch norm with statistics of the training data, in a run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trickrun.data.splits.prepare import prepare
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.events import TrainedSteps
from trickrun.training.job import Job
from trickrun.training.loop import train


def job(recalibrate: bool) -> Job:
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "digits", "subset": {"n": 70}, "batch_size": 32},
            "model": {"kind": "mlp", "hidden": [12]},
            "normalization": {"kind": "batch", "recalibrate": recalibrate},
            "regularizers": {"dropout": {"p": 0.2}},
            "train": {"steps": 4, "eval_every": 2, "device": "cpu"},
        }
    )
    return compile_recipe(recipe, Path(), prepare(recipe.data, Path()))


def losses(of: Job) -> list[float]:
    return [loss for r in train(of) if isinstance(r, TrainedSteps) for loss in r.losses]


def test_it_changes_the_statistics_and_nothing_of_the_training():
    plain, recalibrated = job(False), job(True)
    assert losses(plain) == losses(recalibrated)
    x = recalibrated.inputs(recalibrated.data.train.x[recalibrated.order(0)])
    entering = recalibrated.model.get_submodule("linear1")(x.flatten(1))
    means = [part.mean(0) for part in entering[:64].split(32)]  # the rest is no whole batch
    found = recalibrated.model.get_buffer("norm1.running_mean")
    torch.testing.assert_close(found, torch.stack(means).mean(0).detach())
    assert not torch.allclose(found, plain.model.get_buffer("norm1.running_mean"), atol=1e-2)


@pytest.mark.parametrize("kind", ["rms", "layer", "group", "instance", "batch", "ghost_batch"])
def test_every_layer_of_images_is_found(kind):
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "digits", "subset": {"n": 64}, "batch_size": 32},
            "model": {"kind": "cnn", "channels": [8], "hidden": []},
            "normalization": {"kind": kind},
            "train": {"device": "cpu"},
        }
    )
    ledger = compile_recipe(recipe, Path(), prepare(recipe.data, Path())).ledger
    assert [t.what for t in ledger if t.section == "normalization"] == ["1 layer"]
