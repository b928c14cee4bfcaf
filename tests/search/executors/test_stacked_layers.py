"""Stacks of linear layers: which networks are such, and that their gradients are autograd's."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.nn.dropout import GivenDropout
from trickrun.recipe.patch import canonical
from trickrun.search.executors.stacked.layers import LinearStack, linear_stack
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.executors.work import compiled
from trickrun.search.trial import make_trial
from trickrun.tricks.losses.cross_entropy import with_gradient

TRIALS, SAMPLES = 3, 7


def network(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict((f"l{i}", layer) for i, layer in enumerate(layers))).double()


NETWORKS: dict[str, tuple[nn.Module, ...]] = {
    "one layer": (nn.Linear(12, 4),),
    "relu": (nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4)),
    "other activations": (
        nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 6), nn.Sigmoid(), nn.Linear(6, 4), nn.Tanh(),
    ),
    "no activation, no bias": (nn.Linear(12, 5, bias=False), nn.Linear(5, 4)),
    "images": (nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 4)),
    "batch norm": (
        nn.Linear(12, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), GivenDropout(),
        nn.Linear(5, 6), nn.Tanh(), nn.BatchNorm1d(6, momentum=0.3, affine=False), nn.Linear(6, 4),
    ),
    "dropout": (
        GivenDropout(), nn.Linear(12, 5), nn.Tanh(), GivenDropout(), nn.Linear(5, 6),
        GivenDropout(), nn.Linear(6, 4),
    ),
}  # fmt: skip


def stacked(of: nn.Module) -> tuple[dict[str, torch.Tensor], ...]:
    """Return weights of ``TRIALS`` networks like ``of``, where their gradients go, and buffers."""
    shapes = {name: p.shape for name, p in of.named_parameters()}
    weights = {
        name: torch.randn(TRIALS, *shape, dtype=torch.float64) for name, shape in shapes.items()
    }
    buffers = {name: torch.stack([b.clone()] * TRIALS) for name, b in of.named_buffers()}
    return weights, {name: torch.full_like(w, torch.nan) for name, w in weights.items()}, buffers


def drawn_masks(of: nn.Module, samples: int) -> dict[str, torch.Tensor]:
    """Return a mask for each dropout, whose features are those of the next linear layer."""
    modules = list(of.named_children())
    features = {
        name: next(m.in_features for _, m in modules[i:] if isinstance(m, nn.Linear))
        for i, (name, module) in enumerate(modules)
        if isinstance(module, GivenDropout)
    }
    return {
        f"{name}.mask": torch.randint(2, (TRIALS, samples, size)).double() * 2
        for name, size in features.items()
    }


def by_autograd(
    of: nn.Module, weights: dict[str, torch.Tensor], x: torch.Tensor, masks: dict[str, Any]
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return each trial's predictions and the gradients of the sum of their squares."""
    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    predictions = torch.stack(
        [
            torch.func.functional_call(
                of, {name: values[k] for name, values in (leaves | masks).items()}, (x[k],)
            )
            for k in range(TRIALS)
        ]
    )
    found = torch.autograd.grad(predictions.square().sum(), list(leaves.values()))
    return predictions.detach(), dict(zip(leaves, found, strict=True))


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own batches"])
@pytest.mark.parametrize("name", NETWORKS)
def test_passes_are_those_of_autograd(name, shared):
    of = network(*NETWORKS[name])
    weights, gradients, buffers = stacked(of)
    expected_buffers = {n: b.clone() for n, b in buffers.items()}
    layers = linear_stack(of, weights, gradients, buffers)
    assert isinstance(layers, LinearStack)
    for samples in (SAMPLES, 2, 3, SAMPLES):  # more sizes than are kept
        shape = (samples, 3, 4) if name == "images" else (samples, 12)
        x = torch.randn(*(() if shared else (TRIALS,)), *shape, dtype=torch.float64)
        given = expected_buffers | drawn_masks(of, samples)
        found = layers.forward(x, given, shared)
        layers.backward(2 * found)
        each = x.expand(TRIALS, *shape)
        predictions, expected = by_autograd(of.train(), weights, each, given)
        torch.testing.assert_close(found, predictions)
        torch.testing.assert_close(gradients, expected)
        torch.testing.assert_close(buffers, expected_buffers)
        evaluated, _ = by_autograd(of.eval(), weights, each, given)
        torch.testing.assert_close(layers.predict(x, shared), evaluated)


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Linear(4, 3), nn.LayerNorm(3), nn.Linear(3, 2)),
        (nn.BatchNorm1d(4), nn.Linear(4, 2)),
        (nn.Linear(4, 3), nn.BatchNorm1d(3, momentum=None)),
        (nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)),
        (nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 2)),
        (nn.Linear(4, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 2)),
        (nn.Linear(4, 3), GivenDropout(), nn.ReLU(), nn.Linear(3, 2)),
        (nn.Linear(4, 3), nn.Flatten(), nn.Linear(3, 2)),
        (nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)),),
        (nn.ReLU(),),
    ],
    ids=str,
)
def test_other_networks_are_left_to_autograd(layers):
    of = network(*layers)
    assert linear_stack(of, *stacked(of)) is None


def test_networks_with_frozen_layers_are_left_to_autograd():
    of = network(nn.Linear(4, 3), nn.Linear(3, 2))
    weights, gradients, buffers = stacked(of)
    del weights["l0.bias"]
    assert linear_stack(of, weights, gradients, buffers) is None


def test_networks_with_a_layer_twice_are_left_to_autograd():
    layer = nn.Linear(4, 4)
    of = network(layer, nn.ReLU(), layer)
    assert linear_stack(of, *stacked(of)) is None


def test_a_network_of_another_class_is_left_to_autograd():
    class Own(nn.Sequential):
        pass

    of = Own(OrderedDict(l0=nn.Linear(4, 2)))
    assert linear_stack(of, *stacked(of)) is None


def test_states_have_one_order_however_wide_layers_are():
    """A narrow head lies another way in memory than a wide layer; states of old stacks do not."""
    base = {
        "data": {"kind": "iris", "batch_size": 15},
        "model": {"kind": "mlp", "hidden": [20]},
        "optimizer": "adam",
    }
    trials = [make_trial(canonical({**base, "seed": k}), {}, Path()) for k in range(2)]
    stack = Stack([compiled(trial, Path()) for trial in trials])
    model = compiled(trials[1], Path()).model
    expected = torch.cat([p.detach().t().flatten() for p in model.parameters()])
    assert torch.equal(stack.state_of(1)["parameters"], expected)
    for step in range(3):
        stack.take_step(step, [[], []])
    states = [stack.state_of(place) for place in (0, 1)]
    again = Stack([compiled(trial, Path()) for trial in trials])
    again.restore(states, 3)
    assert torch.equal(again.flat, stack.flat)
    for one, other in zip(again.take_step(3, [[], []]), stack.take_step(3, [[], []]), strict=True):
        assert torch.equal(one.loss, other.loss)
    assert torch.equal(again.flat, stack.flat)


def test_the_written_out_gradient_of_cross_entropy_is_autograds():
    draw = torch.Generator().manual_seed(0)
    for classes in (3, 40):
        outputs = torch.randn(2, 7, classes, dtype=torch.float64, generator=draw)
        target = torch.randint(classes, (2, 7), generator=draw)
        losses, gradient = with_gradient(outputs, target)
        leaf = outputs.clone().requires_grad_()
        expected = nn.functional.cross_entropy(
            leaf.flatten(0, 1), target.flatten(), reduction="none"
        )
        [found] = torch.autograd.grad(expected.sum(), [leaf])
        torch.testing.assert_close(losses.flatten(), expected.detach(), rtol=1e-14, atol=0)
        torch.testing.assert_close(gradient, found, rtol=1e-13, atol=1e-15)
