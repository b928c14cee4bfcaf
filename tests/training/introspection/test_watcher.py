"""Looks while training: what they say, and that they change nothing."""

import pytest
import torch
from exactness import ending, go_on, same, the_run, train
from torch import nn

from trickrun.findings.evidence.run import Look
from trickrun.recipe.load import load
from trickrun.training.compile import compile_recipe
from trickrun.training.introspection.watcher import Watcher
from trickrun.training.loop import train as training

RECIPE = """\
name: looked-at
seed: 5
data: {kind: digits, batch_size: 32, subset: {n: 100}}
model: {kind: mlp, hidden: [16, 16], activation: relu}
normalization: batch
regularizers: {dropout: 0.4}
augmentation: [{kind: shift, pixels: 1}]
optimizer: {kind: sgd, lr: 0.1}
train: {steps: 8, device: cpu, look_every: 3}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "looked-at.yaml"
    path.write_text(RECIPE)
    return path


def looks_of(path, *changes):
    loaded = load(path, changes)
    job = compile_recipe(loaded.recipe, loaded.folder)
    return job, [r for r in training(job, observer=Watcher(job)) if isinstance(r, Look)]


def test_looking_changes_no_bit(recipe, tmp_path):
    train(recipe, tmp_path / "on")
    train(recipe, tmp_path / "off", changes=["train.look_every=0"])
    on, off = (ending(the_run(tmp_path / name)) for name in ("on", "off"))
    assert [line["step"] for line in on["metrics"] if line["kind"] == "look"] == [0, 3, 6]
    assert not [line for line in off["metrics"] if line["kind"] == "look"]
    without = [line for line in on["metrics"] if line["kind"] != "look"]
    assert same({**on, "metrics": without}, off)


def test_a_resumed_run_has_the_looks_of_one_never_interrupted(recipe, tmp_path):
    train(recipe, tmp_path / "whole")
    seen = []

    def stop(record):
        seen.append(record)
        if len(seen) == 4:
            raise KeyboardInterrupt

    changes = ["train.checkpoint=2 steps"]
    train(recipe, tmp_path / "other", changes=changes)
    with pytest.raises(BaseException, match="interrupted"):
        train(recipe, tmp_path / "cut", [stop], changes)
    go_on(tmp_path / "cut")
    cut, other = ending(the_run(tmp_path / "cut")), ending(the_run(tmp_path / "other"))
    assert same(cut, other)


def test_the_gradient_and_the_update_are_those_of_the_step(recipe):
    job, (first, *_) = looks_of(recipe, "train.steps=1", "regularizers={}")
    layer = first.layers[0]
    weight = dict(job.model.named_parameters())["linear1.weight"]
    # Plain SGD changes the weights by lr times the gradient.
    before = weight.detach() + 0.1 * weight.grad
    assert layer.name == "linear1"
    assert layer.gradient_norm == pytest.approx(float(weight.grad.norm()), rel=1e-5)
    assert layer.update_ratio == pytest.approx(
        0.1 * float(weight.grad.norm()) / float(before.norm()), rel=1e-4
    )


def test_a_dead_layer_is_seen(recipe):
    _, (first, *_) = looks_of(recipe, "init={kind: constant, value: 0.0}", "normalization=none")
    assert [layer.dead_fraction for layer in first.layers[:-1]] == [1.0, 1.0]


def test_saturated_units_are_seen(recipe):
    changes = ["model.activation=tanh", "init={kind: normal, std: 50}", "normalization=none"]
    _, (first, *_) = looks_of(recipe, *changes)
    assert first.layers[0].saturated_fraction == 1.0


def test_a_network_without_layers_is_trained_unseen(tmp_path):
    (tmp_path / "own.py").write_text(
        "import torch\n"
        "class Scale(torch.nn.Module):\n"
        "    def __init__(self, outputs):\n"
        "        super().__init__()\n"
        "        self.scale = torch.nn.Parameter(torch.ones(64, outputs))\n"
        "    def forward(self, x):\n"
        "        return x.flatten(1) @ self.scale\n"
    )
    path = tmp_path / "own.yaml"
    path.write_text(
        "data: {kind: digits, subset: {n: 100}}\n"
        "model: {kind: python, target: 'own:Scale'}\ntrain: {steps: 2}\n"
    )
    job, looks = looks_of(path)
    assert looks == []
    assert not [m for m in job.model.modules() if isinstance(m, nn.Linear)]
    assert torch.isfinite(job.model.scale).all()
