"""What is dropped where: units, channels, weights, branches; and how evaluation makes up for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.nn.dropout import (
    DropConnectLinear,
    KeyedChannelDropout,
    KeyedDropout,
    KeyedPathDropout,
)
from trickrun.nn.rng import StepStream
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.tricks.regularizers.dropout import Dropout

RESNET = {"kind": "resnet", "depth": 14, "width": 4}


def job(regularizers: dict[str, Any], model: Any) -> Job:
    tree = {
        "data": {"kind": "digits", "subset": {"n": 32}, "batch_size": 16},
        "model": model,
        "regularizers": regularizers,
        "train": {"steps": 2, "device": "cpu"},
    }
    recipe = from_tree(canonical(tree))
    return compile_recipe(recipe, Path(), prepare(recipe.data, Path()))


def names(of: Job, kind: type[nn.Module]) -> list[str]:
    return [name for name, module in of.model.named_modules() if type(module) is kind]


def test_both_scalings_have_the_same_mean_and_test_time_multiplies_in_evaluation():
    x = torch.ones(200_000)
    inverted = KeyedDropout(0.3, StepStream(0, "dropout"))
    at_test = KeyedDropout(0.3, StepStream(0, "dropout"), inverted=False)
    dropped, plain = inverted(x), at_test(x)
    torch.testing.assert_close(dropped, plain / 0.7)  # the same masks
    assert set(plain.tolist()) == {0.0, 1.0}
    assert float(plain.mean()) == pytest.approx(0.7, abs=0.005)
    assert torch.equal(inverted.eval()(x), x)
    assert torch.equal(at_test.eval()(x), x * 0.7)


def test_the_recipe_chooses_the_scaling():
    of = job({"dropout": {"p": 0.4, "scaling": "test_time"}}, {"kind": "mlp", "hidden": [8]})
    layer = of.model.get_submodule("dropout1").eval()
    assert torch.equal(layer(torch.ones(2)), torch.full((2,), 0.6))


@pytest.mark.parametrize(
    ("layers", "expected"), [("all", [1, 2, 3]), ("deeper", [2, 3]), ("last", [3])]
)
def test_which_layers_of_an_mlp(layers, expected):
    of = job({"dropout": {"layers": layers}}, {"kind": "mlp", "hidden": [8, 8, 8]})
    assert names(of, KeyedDropout) == [f"dropout{index}" for index in expected]


def test_the_deeper_half_of_a_resnet():
    of = job({"dropout": {"layers": "deeper"}}, RESNET)
    # 7 layers of depth count / 7: six blocks, and before the head.
    assert names(of, KeyedDropout) == [
        "stage2.block2.branch.dropout1",
        "stage3.block1.branch.dropout1",
        "stage3.block2.branch.dropout1",
        "dropout1",
    ]
    assert Dropout(layers="deeper").acts_at(0.6)
    assert not Dropout(layers="deeper").acts_at(0.5)
    assert Dropout(layers="deeper").acts_at(1 / 1)


@pytest.mark.parametrize(("axis", "shape"), [(1, (50, 20, 4, 3)), (2, (50, 4, 20))])
def test_channels_are_dropped_whole(axis, shape):
    y = KeyedChannelDropout(0.25, StepStream(0, "spatial_dropout"), axis)(torch.ones(shape))
    other = tuple(a for a in range(1, len(shape)) if a != axis)
    assert torch.equal(y.amin(other), y.amax(other))
    assert float((y == 0).double().mean()) == pytest.approx(0.25, abs=0.05)
    torch.testing.assert_close(y[y > 0], torch.full_like(y[y > 0], 1 / 0.75))


def test_spatial_dropout_follows_convolutions_alone():
    of = job({"spatial_dropout": 0.2}, {"kind": "cnn", "channels": [4, 4], "hidden": [8]})
    assert names(of, KeyedChannelDropout) == ["spatial_dropout1", "spatial_dropout2"]
    with pytest.raises(CompileError, match="spatial_dropout"):
        job({"spatial_dropout": 0.2}, "mlp")


def test_dropconnect_drops_weights_of_hidden_layers():
    of = job({"dropconnect": 0.5}, {"kind": "mlp", "hidden": [8, 8]})
    plain = job({}, {"kind": "mlp", "hidden": [8, 8]})
    assert names(of, DropConnectLinear) == ["linear1", "linear2"]
    # The same parameters under the same names, and the same network in evaluation.
    assert all(
        torch.equal(v, plain.model.state_dict()[n]) for n, v in of.model.state_dict().items()
    )
    layer = of.model.get_submodule("linear2")
    assert isinstance(layer, DropConnectLinear)
    nn.init.ones_(layer.train().weight)
    of.start_streams(1)
    found = layer(torch.eye(8)) - layer.bias
    assert set(found.flatten().tolist()) == {0.0, 2.0}
    of.start_streams(1)
    assert torch.equal(layer(torch.eye(8)) - layer.bias, found)
    of.start_streams(2)
    assert not torch.equal(layer(torch.eye(8)) - layer.bias, found)
    assert torch.equal(layer.eval()(torch.eye(8)) - layer.bias, torch.ones(8, 8))


def test_gradients_go_to_the_weights_that_were_kept():
    layer = DropConnectLinear(nn.Linear(6, 5), 0.4, StepStream(0, "dropconnect"))
    layer(torch.ones(1, 6)).sum().backward()
    assert layer.weight.grad is not None
    assert sorted(set(layer.weight.grad.flatten().tolist())) == pytest.approx([0, 1 / 0.6])


def test_stochastic_depth_grows_linearly():
    of = job({"stochastic_depth": 0.6}, RESNET)
    layers = [of.model.get_submodule(name) for name in names(of, KeyedPathDropout)]
    rates = [layer.p for layer in layers if isinstance(layer, KeyedPathDropout)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    block = of.model.get_submodule("stage3.block2")
    x = torch.rand(400, 16, 2, 2)
    of.start_streams(1)
    of.model.train()
    skipped = (block(x) == x).flatten(1).all(1)
    assert float(skipped.double().mean()) == pytest.approx(0.6, abs=0.1)
    of.model.eval()
    plain = job({}, RESNET).model.eval().get_submodule("stage3.block2")
    torch.testing.assert_close(block(x), plain(x))


@pytest.mark.parametrize("model", ["mlp", {**RESNET, "residual": False}])
def test_stochastic_depth_without_branches_is_refused(model):
    with pytest.raises(CompileError, match=r"but it acts on nothing in this job: .*stochastic"):
        job({"stochastic_depth": 0.2}, model)
