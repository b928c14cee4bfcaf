"""Images are kept channels last where that is faster, by rule, and nothing else changes."""

import copy
from pathlib import Path

import pytest
import torch

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.device import channels_last
from trickrun.training.loop import take_step

HERE = Path(__file__).parent

CNN = {"kind": "cnn", "channels": [4, 6], "hidden": [8]}
RESNET = {"kind": "resnet", "depth": 20, "width": 4}


def recipe(model, **train):
    tree = {"data": {"kind": "digits", "batch_size": 16}, "model": model, "train": train}
    return from_tree(canonical(tree))


@pytest.mark.parametrize(
    ("model", "precision", "device", "expected"),
    [
        (CNN, "float32", "cpu", True),
        (CNN, "float64", "cpu", False),
        (CNN, "bf16", "cpu", True),
        (CNN, "float32", "cuda", False),
        (CNN, "bf16", "cuda", True),
        ({"kind": "mlp", "hidden": [8]}, "float32", "cpu", False),
        ({"kind": "python", "target": "m:f"}, "float32", "cpu", False),
    ],
)
def test_the_rule(model, precision, device, expected):
    assert channels_last(recipe(model, precision=precision), torch.device(device)) is expected


@pytest.mark.parametrize("model", [CNN, RESNET])
def test_a_step_is_the_same_in_either_layout(model):
    def trained(layout):
        job = compile_recipe(recipe(model), HERE)
        torch.nn.utils.convert_conv2d_weight_memory_format(job.model, layout)
        step = take_step(job, torch.arange(16), 0, [], logged=True)
        return step.loss, step.gradient_norm

    fast, plain = trained(torch.channels_last), trained(torch.contiguous_format)
    torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-6)


def test_weights_and_optimizer_state_keep_the_layout_when_restored():
    job, again = (compile_recipe(recipe(CNN), HERE) for _ in range(2))
    take_step(job, torch.arange(16), 0, [], logged=False)
    again.model.load_state_dict(job.model.state_dict())
    again.optimizer.load_state_dict(copy.deepcopy(job.optimizer.state_dict()))
    for one in (job, again):
        weights = [p for p in one.model.parameters() if p.ndim == 4]
        kept = [*weights, *(one.optimizer.state[p]["exp_avg"] for p in weights)]
        assert all(t.is_contiguous(memory_format=torch.channels_last) for t in kept)
    for _ in range(2):
        losses = [take_step(one, torch.arange(16, 32), 1, [], False).loss for one in (job, again)]
    assert torch.equal(*losses)
