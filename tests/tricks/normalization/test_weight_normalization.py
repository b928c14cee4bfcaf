"""Normalizations of weights: against their formulas, where they act, and that they are keyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from trickrun.data.splits.prepare import prepare
from trickrun.nn.layers import plain_layers, weights
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step
from trickrun.tricks.normalization.spectral import Spectral
from trickrun.tricks.normalization.weight import Weight

DATA: dict[str, Any] = {"kind": "digits", "subset": {"n": 64}, "batch_size": 16}


def job(normalization: Any, **more: Any) -> Job:
    tree = {
        "data": DATA,
        "model": {"kind": "mlp", "hidden": [12]},
        "normalization": {"kind": normalization},
        "train": {"steps": 5, "device": "cpu"},
        **more,
    }
    recipe = Recipe.model_validate(tree)
    return compile_recipe(recipe, Path(), prepare(recipe.data, Path()))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 5))


def test_weight_is_length_times_direction():
    model, plain = network(), network()
    Weight().normalize_weights(model, 0)
    for name in ("0", "2"):
        layer = model.get_submodule(name)
        before = plain.get_submodule(name).weight
        torch.testing.assert_close(layer.weight, before)  # the init stays
        (_, g), (_, v) = weights(layer)
        with torch.no_grad():
            g.mul_(3)
            v.mul_(7)  # a direction has no length
        lengths = layer.weight.flatten(1).norm(dim=1)
        torch.testing.assert_close(lengths, 3 * before.flatten(1).norm(dim=1))
        torch.testing.assert_close(layer.weight / 3, before)


def test_it_is_torchs_weight_norm():
    ours, theirs = network(), network()
    Weight().normalize_weights(ours, 0)
    for name in ("0", "2"):
        weight_norm(theirs.get_submodule(name))
    x = torch.randn(3, 2, 4, 4)
    for model in (ours, theirs):
        model(x).square().sum().backward()
    named = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.detach(), named[name].detach())
        torch.testing.assert_close(parameter.grad, named[name].grad)


def test_spectral_norm_is_one():
    model, plain = network(), network()
    Spectral().normalize_weights(model, 0)
    x = torch.randn(4, 2, 4, 4)
    for _ in range(50):  # an iteration each
        model(x)
    model.eval()
    for name in ("0", "2"):
        weight = plain.get_submodule(name).weight
        sigma = torch.linalg.matrix_norm(weight.flatten(1), 2)
        torch.testing.assert_close(
            model.get_submodule(name).weight, weight / sigma, rtol=1e-4, atol=1e-5
        )


def test_spectral_start_is_keyed_and_leaves_the_global_generator_alone():
    models = [network(), network(), network()]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for model, seed in zip(models, (1, 1, 2), strict=True):
        Spectral().normalize_weights(model, seed)
    assert torch.equal(before, torch.get_rng_state())
    first, again, other = [model.state_dict() for model in models]
    name = "2.parametrizations.weight.0._u"
    assert torch.equal(first[name], again[name])
    assert not torch.equal(first[name], other[name])


@pytest.mark.parametrize("kind", ["weight", "spectral"])
def test_all_layers_and_what_penalties_act_on(kind):
    of = job(kind, regularizers={"l2": {"lambda": 1e-3}})
    what = {entry.trick: entry.what for entry in of.ledger}
    assert what[kind] == "the weights of 2 layers"
    assert what["l2"] == f"{4 if kind == 'weight' else 2} parameters"
    (penalty,) = of.penalties
    names = [n for n, p in of.model.named_parameters() if any(p is q for q in penalty.parameters)]
    assert all("weight" in name for name in names)
    before = {name: value.clone() for name, value in of.model.state_dict().items()}
    take_step(of, next(of.batches(0)), 0, [], logged=True)
    changed = [n for n, v in of.model.state_dict().items() if not torch.equal(v, before[n])]
    assert {n for n, _ in of.model.named_parameters()} <= set(changed)


def test_the_init_does_not_depend_on_it():
    plain, normalized = job("none"), job("weight")
    x = plain.inputs(plain.data.train.x[:4])
    torch.testing.assert_close(plain.model(x), normalized.model(x))


def test_shared_and_computed_weights_are_left_alone():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert [name for name, _ in plain_layers(model)] == ["2"]
    Weight().normalize_weights(model, 0)
    assert plain_layers(model) == []
