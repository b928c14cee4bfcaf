"""Sizes are held against the machine before anything of that size is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data.formats import memory
from trickrun.errors import CompileError, DataError
from trickrun.models import NetworkSpec
from trickrun.nn.rng import LayerStreams
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.recipe.text.problems import RecipeError
from trickrun.training.compile import compile_recipe
from trickrun.training.device import check_threads
from trickrun.training.network import bytes_of_weights, check_size

HERE = Path(__file__).parent


def recipe(model: Any = "mlp", **more: Any) -> Recipe:
    return from_tree(canonical({"data": "digits", "model": model, **more}))


def spec(of: Recipe, inputs: tuple[int, ...]) -> NetworkSpec:
    return NetworkSpec(
        folder=HERE,
        seed=0,
        inputs=inputs,
        outputs=10,
        normalization=of.normalization,
        regularizers=of.regularizers,
        streams=LayerStreams(0),
    )


@pytest.mark.parametrize(
    ("model", "inputs", "more"),
    [
        ({"kind": "mlp", "hidden": [7, 5]}, (12,), {}),
        ({"kind": "cnn"}, (3, 16, 16), {"regularizers": {"dropout": 0.5}}),
        ({"kind": "resnet", "depth": 20}, (3, 32, 32), {"normalization": "batch"}),
        ({"kind": "vgg"}, (3, 32, 32), {}),
        ({"kind": "lstm", "layers": 2}, (9, 4), {}),
        ({"kind": "transformer"}, (9, 4), {"normalization": "layer"}),
    ],
)
def test_the_estimate_is_what_the_weights_take(
    model: dict[str, Any], inputs: tuple[int, ...], more: dict[str, Any]
) -> None:
    wanted = recipe(model, **more)
    place = spec(wanted, inputs)
    made = wanted.model.network(place)
    streams, state = dict(place.streams.named), torch.get_rng_state()
    estimate = bytes_of_weights(wanted.model, place)
    assert estimate == sum(4 * p.numel() for p in made.parameters()) > 0
    assert torch.equal(torch.get_rng_state(), state)
    assert place.streams.named == streams


@pytest.mark.parametrize(
    "model",
    [
        {"kind": "mlp", "hidden": [10**9]},
        {"kind": "mlp", "hidden": [10**9, 10**9]},
        {"kind": "cnn", "channels": [10**6, 10**6]},
        {"kind": "transformer", "width": 10**9},
        {"kind": "gru", "hidden": 10**9},
    ],
)
def test_a_network_that_no_machine_holds(model: dict[str, Any]) -> None:
    more = {"normalization": "layer"} if model["kind"] == "transformer" else {}
    wanted = recipe(model, **more)
    inputs = {"mlp": (64,), "cnn": (1, 8, 8)}.get(model["kind"], (9, 4))
    with pytest.raises(CompileError, match="weights and their gradients take") as caught:
        check_size(wanted.model, spec(wanted, inputs))
    assert caught.value.exit_code == 2


def test_a_network_that_this_machine_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = recipe({"kind": "mlp", "hidden": [5]})
    needed = 2 * 4 * ((64 * 5 + 5) + (5 * 10 + 10))
    monkeypatch.setattr(memory, "usable_memory", lambda: needed)
    check_size(wanted.model, spec(wanted, (64,)))
    monkeypatch.setattr(memory, "usable_memory", lambda: needed - 1)
    with pytest.raises(CompileError, match="are free"):
        compile_recipe(wanted, HERE)


def test_layers_are_not_too_many_to_be_made() -> None:
    recipe({"kind": "lstm", "layers": 1000})
    for kind in ("rnn", "lstm", "gru", "transformer"):
        with pytest.raises(RecipeError, match="from 1 to 1000"):
            recipe({"kind": kind, "layers": 1001})


def test_threads_that_would_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trickrun.training.device.cores", lambda: 2)
    check_threads(recipe(train={"threads": 256}))
    check_threads(recipe(train={"threads": "auto"}))
    with pytest.raises(CompileError, match="257 threads are too many for 2 processors"):
        check_threads(recipe(train={"threads": 257}))
    monkeypatch.setattr("trickrun.training.device.cores", lambda: 64)
    check_threads(recipe(train={"threads": 1024}))
    with pytest.raises(CompileError, match="at most 1024"):
        compile_recipe(recipe(train={"threads": 1_000_000}), HERE)


@pytest.mark.parametrize(
    "data",
    [
        {"family": "moons", "n": 10**9, "irrelevant": 10**4},
        {"family": "blobs", "features": 10**9},
        {"family": "adding", "steps": 10**9},
        {"family": "xor", "irrelevant": 10**9},
    ],
)
def test_more_samples_than_memory_holds(data: dict[str, Any]) -> None:
    wanted = from_tree(canonical({"data": {"kind": "synthetic", **data}, "model": "mlp"}))
    with pytest.raises(DataError, match="are free"):
        wanted.data.load(HERE)
