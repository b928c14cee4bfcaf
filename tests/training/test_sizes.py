"""Sizes are held against the machine before anything of that size is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.errors import CompileError, DataError
from trickrun.models import NetworkSpec
from trickrun.nn.rng import LayerStreams
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.recipe.text.problems import RecipeError
from trickrun.run.memory import footprint
from trickrun.training.compile import compile_recipe
from trickrun.training.device import check_threads
from trickrun.training.memory import (
    MARGIN,
    check_memory,
    estimated,
    kept_for_backward,
    most_activations,
)

HERE = Path(__file__).parent


def recipe(model: Any = "mlp", **more: Any) -> Recipe:
    return from_tree(canonical({"data": "digits", "model": model} | more))


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
    needs = estimated(wanted, place, 16)
    assert needs.weights == sum(4 * p.numel() for p in made.parameters()) > 0
    assert needs.gradients == needs.weights
    assert needs.state == 2 * needs.weights
    assert needs.activations > 0
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
    with pytest.raises(CompileError, match="to train this network takes about") as caught:
        check_memory(wanted, spec(wanted, inputs), 1000)
    assert caught.value.exit_code == 2


def test_a_network_that_this_machine_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = recipe({"kind": "mlp", "hidden": [5]}, data={"kind": "digits", "batch_size": 64})
    weights = 4 * ((64 * 5 + 5) + (5 * 10 + 10))
    # The inputs of both layers, each with its bytes; relu keeps what is also the head's input.
    activations = 64 * 4 * (64 + 5)
    needed = 4 * weights + activations
    assert estimated(wanted, spec(wanted, (64,)), 64).total == needed
    monkeypatch.setattr("trickrun.training.memory.usable_memory", lambda: needed / MARGIN)
    check_memory(wanted, spec(wanted, (64,)), 1000)
    monkeypatch.setattr("trickrun.training.memory.usable_memory", lambda: needed / MARGIN - 1)
    with pytest.raises(CompileError, match="KiB are free") as caught:
        compile_recipe(wanted, HERE)
    assert caught.value.message == (
        "to train this network takes about 23.3 KiB (weights 1.5 KiB, gradients 1.5 KiB, the "
        "optimizer's state 3.0 KiB, activations of 64 samples 17.2 KiB); 19.4 KiB are free"
    )
    assert caught.value.hint == "lower data.batch_size"


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ({"kind": "mlp", "hidden": [300, 200]}, {}),
        ({"kind": "cnn"}, {"normalization": "batch"}),
        ({"kind": "mlp"}, {"train": {"precision": "float64"}, "optimizer": "sgd"}),
        ({"kind": "mlp"}, {"optimizer": {"kind": "adam", "amsgrad": True, "lookahead": 5}}),
    ],
)
def test_the_estimate_is_near_a_steps_own(model: dict[str, Any], more: dict[str, Any]) -> None:
    wanted = recipe(model, data={"kind": "digits", "batch_size": 256}, **more)
    job = compile_recipe(wanted, HERE)
    needs = estimated(wanted, spec(wanted, job.data.shape), 256)
    measured = footprint(job)
    assert needs.weights == measured["parameters"]
    assert needs.activations == pytest.approx(measured["activations"], rel=0.3)
    assert needs.state == pytest.approx(measured["optimizer"], rel=0.1)


def test_where_there_is_room_no_pass_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> float:
        raise AssertionError("a pass")

    wanted = recipe("mlp")
    monkeypatch.setattr("trickrun.training.memory.kept_for_backward", refuse)
    assert estimated(wanted, spec(wanted, (64,)), 64, room=2**30).activations == 0
    with pytest.raises(AssertionError, match="a pass"):
        estimated(wanted, spec(wanted, (64,)), 64, room=2**20)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ({"kind": "mlp"}, (64,)),
        ({"kind": "cnn"}, (3, 32, 32)),
        ({"kind": "resnet", "depth": 8}, (3, 32, 32)),
        ({"kind": "vgg"}, (3, 32, 32)),
        ({"kind": "gru", "layers": 2}, (20, 4)),
        ({"kind": "transformer"}, (100, 4)),
        ({"kind": "transformer"}, (3, 32, 32)),
    ],
)
def test_a_pass_keeps_no_more_than_the_bound(
    model: dict[str, Any], inputs: tuple[int, ...]
) -> None:
    kind = {"mlp": "none", "gru": "none", "transformer": "layer"}.get(model["kind"], "batch")
    wanted = recipe(model, normalization=kind)
    place = spec(wanted, inputs)
    with torch.device("meta"):
        made = wanted.model.network(replace(place, streams=LayerStreams(0)))
    assert 0 < kept_for_backward(made, place, 64) < most_activations(made, place, 64)


def test_a_network_of_the_users_own_is_not_estimated() -> None:
    wanted = recipe({"kind": "python", "target": "mine:Net"})
    assert estimated(wanted, spec(wanted, (64,)), 10**9).total == 0


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
