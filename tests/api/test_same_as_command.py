"""Checks of objects measure what the commands measure of the same network, and what numpy does."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import trickrun as tr
from trickrun.training.compile import compile_recipe

RECIPE = """\
recipe_version: 1
name: same
data: {kind: iris, batch_size: 32, normalize: standard}
model: {kind: mlp, hidden: [16]}
loss: cross_entropy
optimizer: {kind: adam, lr: 0.01}
train: {steps: 200, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Any:
    (tmp_path / "same.yaml").write_text(RECIPE)
    return tr.load(tmp_path / "same.yaml")


def objects(recipe: Any) -> tuple[Any, ...]:
    """Return the recipe's network, its training samples as it gets them, its loss and optimizer."""
    job = compile_recipe(recipe.recipe, recipe.folder)
    train = job.data.train
    x = job.inputs(train.x[:]).clone()
    return (
        copy.deepcopy(job.model),
        DataLoader(TensorDataset(x, train.y.clone()), 32),
        nn.CrossEntropyLoss(),
        lambda parameters: torch.optim.Adam(parameters, 0.01),
    )


def test_the_initial_loss(recipe: Any, tmp_path: Path, capsys: Any) -> None:
    command = tr.initial_loss(recipe, seeds=1, runs_dir=tmp_path).result
    found = tr.initial_loss(*objects(recipe), seeds=1).result
    for key in ("loss", "expected", "tolerance", "zero_input_loss", "best_constant_loss"):
        assert found[key] == pytest.approx(command[key], rel=1e-5), key


def test_the_gradients(recipe: Any, tmp_path: Path, capsys: Any) -> None:
    command = tr.grad_check(recipe, runs_dir=tmp_path).result
    found = tr.grad_check(*objects(recipe)).result
    sizes = [[p["largest_gradient"] for p in r["parameters"]] for r in (found, command)]
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-6)
    assert found["max_relative_error"] < 1e-6
    assert command["max_relative_error"] < 1e-6


def test_the_range_test(recipe: Any, tmp_path: Path, capsys: Any) -> None:
    command = tr.lr_find(recipe, seeds=1, runs_dir=tmp_path).result
    found = tr.lr_find(*objects(recipe), seeds=1).result
    losses = [[row["loss"] for row in r["curve"]] for r in (found, command)]
    assert losses[0][:100] == pytest.approx(losses[1][:100], rel=1e-4)
    assert found["suggestion"] == pytest.approx(command["suggestion"], rel=1e-3)


def test_numbers_by_numpy(capsys: Any) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(90, 3)), draw.integers(0, 4, 90)
    model = nn.Linear(3, 4).double()
    found = tr.initial_loss(model, (x, y), nn.CrossEntropyLoss(), seeds=1, batch_size=90).result
    weight, bias = model.weight.detach().numpy(), model.bias.detach().numpy()
    scores = x @ weight.T + bias
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert found["loss"] == pytest.approx(-np.log(shares[np.arange(90), y]).mean(), rel=1e-6)
    counts = np.bincount(y) / 90
    assert found["best_constant_loss"] == pytest.approx(-(counts * np.log(counts)).sum(), rel=1e-6)
    assert found["expected"] <= math.log(4) + 1e-9


def test_values_by_numpy(capsys: Any) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(90, 3)), draw.normal(2, 3, size=(90, 1))
    model = nn.Linear(3, 1).double()
    found = tr.initial_loss(model, (x, y), nn.MSELoss(), seeds=1, batch_size=90).result
    answers = x @ model.weight.detach().numpy().T + model.bias.detach().numpy()
    assert found["loss"] == pytest.approx(((answers - y) ** 2).mean(), rel=1e-6)
    assert found["best_constant_loss"] == pytest.approx(y.var(), rel=1e-6)
