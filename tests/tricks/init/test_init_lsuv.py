"""LSUV: every layer's output has variance 1 on training samples, again and again the same."""

from pathlib import Path

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.training.compile import compile_recipe
from trickrun.training.initialize import initialize
from trickrun.tricks.init.lsuv import LSUV, output_variance
from trickrun.tricks.init.zeros import Zeros

HERE = Path(__file__).parent


def inputs(count: int) -> torch.Tensor:
    return 7 * torch.randn(min(count, 200), 6, generator=torch.Generator().manual_seed(0))


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 20), nn.Sigmoid(), nn.Linear(20, 3)
    )


def calibrated(init: LSUV, model: nn.Sequential) -> list[float]:
    """Return the variance of each layer's output."""
    initialize(model, init, 0, leave_as_built=False)
    init.calibrate(model, inputs)
    layers = [m for m in model if isinstance(m, nn.Linear)]
    return [float(output_variance(model, layer, inputs(init.samples))) for layer in layers]


def test_each_layer_ends_with_variance_one():
    assert calibrated(LSUV(tolerance=1e-4), network()) == pytest.approx([1, 1, 1], abs=1e-4)


def test_weights_are_scaled_rotations():
    model = network()
    calibrated(LSUV(), model)
    weight = model[2].weight.detach()
    torch.testing.assert_close(
        weight @ weight.T, weight[0].square().sum() * torch.eye(20), atol=1e-5, rtol=1e-4
    )


def test_a_bias_needs_more_than_one_try():
    # The bias keeps its variance while the weights are scaled, so one division is not enough.
    once = calibrated(LSUV(bias="torch_default", tries=1, tolerance=1e-3), network())
    often = calibrated(LSUV(bias="torch_default", tolerance=1e-3), network())
    assert max(abs(v - 1) for v in once) > 1e-3
    assert often == pytest.approx([1, 1, 1], abs=1e-3)


def test_a_head_of_its_own_init_is_left_alone():
    model = network()
    assert calibrated(LSUV(head=Zeros()), model)[-1] == 0
    assert (model[4].weight == 0).all()


def test_an_output_without_variance_is_an_error_that_names_the_layer():
    init = LSUV()
    model = network()
    initialize(model, init, 0, leave_as_built=False)
    with pytest.raises(CompileError, match="output of 0 has variance 0"):
        init.calibrate(model, lambda count: torch.zeros(count, 6))


def test_it_is_keyed_by_the_seed_and_sees_training_samples():
    def weights(seed: int) -> torch.Tensor:
        tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": [8]}, "seed": seed}
        init = {"init": {"kind": "lsuv", "samples": 50, "tolerance": 1e-4}}
        return compile_recipe(from_tree(tree | init), HERE).model.head.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
