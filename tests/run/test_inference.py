"""Predictions of many dropout masks, and with folded batch norms."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.run.inference import fold, mc_dropout, with_masks
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import predict
from trickrun.training.job import Job
from trickrun.training.loop import train
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL


def trained(**parts: Any) -> Job:
    tree = {
        "data": {"kind": "digits", "subset": {"n": 200}, "batch_size": 32},
        "model": {"kind": "mlp", "hidden": [16]},
        "train": {"steps": 12, "device": "cpu"},
        **parts,
    }
    recipe = from_tree(canonical(tree))
    job = compile_recipe(recipe, Path(), prepare(recipe.data, Path()))
    list(train(job))
    return job


@pytest.mark.parametrize("trick", ["dropout", "dropconnect"])
def test_masks_differ_and_are_keyed(trick):
    job = trained(regularizers={trick: 0.5})
    first, second = with_masks(job, job.data.train.x[:9], 2)
    assert not torch.equal(first, second)
    assert torch.equal(with_masks(job, job.data.train.x[:9], 3)[:2], torch.stack([first, second]))
    assert not any(module.training for module in job.model.modules())


def test_the_mean_of_many_masks_nears_the_scaled_network():
    job = trained(
        regularizers={"dropout": {"p": 0.2, "input": 0.1}}, model={"hidden": [], "kind": "mlp"}
    )
    x = job.data.train.x[:20]
    # Of a linear network the mean over masks is the network without dropout.
    mean = with_masks(job, x, 2000).mean(0)
    torch.testing.assert_close(mean, predict(job, x), rtol=0.1, atol=0.1)


def test_spread_of_classes_and_of_values():
    job = trained(regularizers={"dropout": 0.5})
    assert job.data.val is not None
    outputs, told = mc_dropout(job, job.data.val, 20)
    probabilities = with_masks(job, job.data.val.x, 20).softmax(-1)
    torch.testing.assert_close(outputs.softmax(-1), probabilities.mean(0))
    chosen = probabilities.mean(0).argmax(-1)
    spread = probabilities.std(0, correction=0)[torch.arange(len(chosen)), chosen]
    assert told["spread"] == pytest.approx(float(spread.mean()), rel=1e-5)
    assert told["spread_wrong"] > told["spread_right"] > 0

    values = trained(regularizers={"dropout": 0.5}, data={"kind": "diabetes", "batch_size": 32})
    assert values.data.val is not None
    outputs, told = mc_dropout(values, values.data.val, 5)
    masked = with_masks(values, values.data.val.x, 5)
    torch.testing.assert_close(outputs, masked.mean(0))
    assert told == {"masks": 5, "spread": pytest.approx(float(masked.std(0, correction=0).mean()))}


def test_no_dropout_no_masks():
    job = trained(regularizers={"l2": 1e-4})
    with pytest.raises(CompileError, match="no dropout to sample masks from"):
        with_masks(job, job.data.train.x, 2)


def test_the_mean_answer_is_the_mean_probability():
    outputs = torch.randn(5, 7, 3)
    mean = outputs.softmax(-1).mean(0)
    torch.testing.assert_close(CrossEntropy().ensemble(outputs), mean.log())
    torch.testing.assert_close(NLL().ensemble(outputs.log_softmax(-1)), mean.log())
    torch.testing.assert_close(MSE().ensemble(outputs), outputs.mean(0))
    logit = BCE().ensemble(outputs[..., :1])
    torch.testing.assert_close(logit.sigmoid(), outputs[..., :1].sigmoid().mean(0))
    assert math.isfinite(float(BCE().ensemble(torch.full((2, 1, 1), 200.0))))


@pytest.mark.parametrize(
    "model",
    [
        {"kind": "mlp", "hidden": [16, 16]},
        {"kind": "cnn", "channels": [4], "hidden": [8]},
        {"kind": "resnet", "depth": 8, "width": 4},
    ],
    ids=lambda model: str(model["kind"]),
)
def test_every_batch_norm_of_our_models_folds(model):
    job = trained(model=model, normalization="batch", regularizers={"dropout": 0.2})
    norms = [
        n
        for n, m in job.model.named_modules()
        if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)
    ]
    before = predict(job, job.data.train.x)
    told = fold(job, job.data.train)
    assert sorted(told["layers"]) == sorted(norms)
    torch.testing.assert_close(predict(job, job.data.train.x), before, rtol=1e-5, atol=1e-5)
    assert told["largest_difference"] < 1e-4


def test_nothing_to_fold_is_an_error():
    after = {"kind": "batch", "placement": "after_activation"}
    for normalization in ("layer", after):
        job = trained(normalization=normalization)
        with pytest.raises(CompileError, match="right after a linear"):
            fold(job, job.data.train)


OWN = """
from torch import nn

class Model(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.layer, self.norm = nn.Linear(64, 64), nn.BatchNorm1d(64)
        self.head = nn.Linear(64, outputs)

    def forward(self, x):
        h = self.layer(x.flatten(1))
        return self.head(h + self.norm(h))
"""


def test_an_output_that_is_read_twice_is_noticed(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    tree = canonical(
        {
            "data": {"kind": "digits", "subset": {"n": 100}},
            "model": {"kind": "python", "target": "own:Model"},
            "train": {"steps": 3, "device": "cpu"},
        }
    )
    recipe = from_tree(tree)
    job = compile_recipe(recipe, tmp_path, prepare(recipe.data, tmp_path))
    list(train(job))
    with pytest.raises(CompileError, match="something else reads"):
        fold(job, job.data.train)
