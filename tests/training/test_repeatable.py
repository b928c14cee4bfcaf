"""Same recipe, same seed, same run; and a trick that is switched off takes its own draws only."""

import os
import signal

import pytest
import torch
from exactness import ending, go_on, same, the_run, train

from trickrun.nn.dropout import KeyedDropout
from trickrun.recipe.load import load
from trickrun.training.compile import compile_recipe
from trickrun.training.events import TrainedSteps
from trickrun.training.loop import take_step

RECIPE = """\
name: twice
seed: 5
data: {kind: digits, batch_size: 32, subset: {n: 100}}
model: {kind: mlp, hidden: [16, 16], activation: tanh}
normalization: batch
regularizers: {dropout: 0.4}
augmentation: [{kind: shift, pixels: 1}, {kind: noise, std: 0.1}]
train: {epochs: 2, device: cpu, log_every: 1}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text(RECIPE)
    return path


def test_two_runs_of_a_seed_are_one(recipe, tmp_path):
    train(recipe, tmp_path / "a")
    train(recipe, tmp_path / "b")
    one, two = (ending(the_run(tmp_path / name)) for name in "ab")
    assert len(one["metrics"]) == 8 + 2 + 1 + 1  # steps, evaluations, a look, the end
    assert same(one, two)


def test_another_seed_is_another_run(recipe, tmp_path):
    train(recipe, tmp_path / "a")
    train(recipe, tmp_path / "b", changes=["seed=6"])
    one, two = (ending(the_run(tmp_path / name)) for name in "ab")
    assert not any(
        torch.equal(value, two["last"]["model"][name])
        for name, value in one["last"]["model"].items()
        if name.endswith("weight")
    )
    assert losses_of(one) != losses_of(two)


def losses_of(ended):
    return [line["loss"] for line in ended["metrics"] if line["kind"] == "step"]


def job_of(recipe, *changes):
    return compile_recipe(load(recipe, changes).recipe, recipe.parent)


@pytest.mark.parametrize("off", ["regularizers.dropout=0", "regularizers.dropout=null"])
def test_without_dropout_init_order_and_augmentation_stay(recipe, off):
    one, other = job_of(recipe), job_of(recipe, off)
    weights = dict(other.model.named_parameters())
    assert weights.keys() == dict(one.model.named_parameters()).keys()
    for name, weight in one.model.named_parameters():
        assert torch.equal(weight, weights[name]), name
    assert not torch.equal(one.order(0), one.order(1))
    for epoch in (0, 1):
        assert torch.equal(one.order(epoch), other.order(epoch))
    # The draws of a later step, after dropout has drawn in the steps before it.
    batches = []
    for job in (one, other):
        steps = job.batches(0)
        for step in range(3):
            take_step(job, next(steps), step, [], logged=False)
        batches.append(job.training_batch(next(steps), 3)[0])
    assert torch.equal(*batches)


@pytest.mark.parametrize(
    "off",
    [
        "augmentation=[]",
        "augmentation.0.pixels=0",
        "augmentation=[{kind: noise, std: 0.1}]",
        "init=xavier_uniform",
        "optimizer={kind: sgd, lr: 0.1, momentum: 0.9}",
    ],
)
def test_dropout_drops_the_same_whatever_else_is_on(recipe, off):
    assert masks(job_of(recipe)) == masks(job_of(recipe, off))


def test_each_step_drops_other_units(recipe):
    drawn = masks(job_of(recipe))
    assert len(set(drawn)) == len(drawn) == 2 * 4


def masks(job):
    """Return which units each dropout layer zeroed in each of four steps."""
    seen = []

    def look(module, inputs, output):
        seen.append(tuple((output == 0).flatten().tolist()))

    for module in job.model.modules():
        if isinstance(module, KeyedDropout):
            module.register_forward_hook(look)
    steps = job.batches(0)
    for step in range(4):
        take_step(job, next(steps), step, [], logged=False)
    return seen


OWN = """\
import torch
from torch import nn

def net(inputs, outputs):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 16), nn.Dropout(0.5), nn.ReLU(), nn.Linear(16, outputs)
    )

def jitter(x, y, generator):
    return x + torch.rand_like(x), y
"""


def test_user_code_may_draw_from_the_global_generator(recipe, tmp_path):
    """nn.Dropout and rand_like do; no checkpoint holds that generator's state."""
    (tmp_path / "globally.py").write_text(OWN)
    changes = [
        "model={kind: python, target: 'globally:net'}",
        "normalization=none",
        "regularizers=null",
        "augmentation=[{kind: python, target: 'globally:jitter'}]",
    ]
    train(recipe, tmp_path / "whole", changes=changes)

    root = tmp_path / "parts"
    interrupted = train(recipe, root, [ctrl_c_once()], changes).interrupted
    assert interrupted
    while interrupted:
        torch.rand(7)
        interrupted = go_on(root, [ctrl_c_once()]).interrupted
    assert same(ending(the_run(root)), ending(the_run(tmp_path / "whole")))


def ctrl_c_once():
    """Return a sink that presses Ctrl-C at the first record that it sees."""
    pressed = []

    def sink(record):
        if not pressed and isinstance(record, TrainedSteps):
            pressed.append(record)
            os.kill(os.getpid(), signal.SIGINT)

    return sink
