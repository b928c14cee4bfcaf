"""A number that is not finite ends the run with exit code 3, and is traced to where it arose."""

import copy
import math
import textwrap

import pytest
import torch

from trickrun.recipe.load import load
from trickrun.run.folder import RunFolder
from trickrun.run.nonfinite import NOT_AGAIN, locate
from trickrun.training.checkpoint import Progress, restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, NonFinite
from trickrun.training.loop import train

RECIPE = """\
name: bad
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
train: {epochs: 10, device: cpu, log_every: 1}
"""

OWN = """
    import torch
    from torch import nn

    class Late(nn.Module):
        '''Passes values on, and from its fifth training step on spoils them.'''
        def __init__(self, spoil):
            super().__init__()
            self.spoil = spoil
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        def forward(self, x):
            if self.training:
                self.steps += 1
            return self.spoil(x) if self.training and self.steps >= 5 else x

    class Net(nn.Module):
        def __init__(self, inputs, outputs, spoiled):
            super().__init__()
            self.first = nn.Linear(inputs[0], 8)
            self.middle = Late(lambda x: x / 0 if spoiled == "layer" else x)
            self.between = spoiled == "between"
            self.last = nn.Linear(8, outputs)
            self.after = spoiled == "after"
        def forward(self, x):
            x = self.middle(torch.relu(self.first(x)))
            late = self.training and self.middle.steps >= 5
            x = self.last(x * float("inf") if self.between and late else x)
            return torch.log(x - 1e6) if self.after and late else x

    def net(inputs, outputs, spoiled):
        return Net(inputs, outputs, spoiled)

    def loss(prediction, target):
        losses = torch.nn.functional.cross_entropy(prediction, target, reduction="none")
        return losses + torch.sqrt(losses.detach() - 1e6)

    def rooted(prediction, target):
        return torch.sqrt((prediction - prediction.detach()).abs()).sum(dim=1)

    def blow_up(x, y, generator):
        return x / 0, y
"""


@pytest.fixture
def failed(trickrun, tmp_path):
    """Train the recipe with these changes; return the error and the run that failed."""
    (tmp_path / "own_bad.py").write_text(textwrap.dedent(OWN))
    (tmp_path / "bad.yaml").write_text(RECIPE)

    def run(*changes):
        ran = trickrun("train", "bad.yaml", *changes, "--json")
        assert ran.code == 3, ran.err
        assert "Traceback" not in ran.err
        return ran.json["error"], RunFolder(tmp_path / ran.json["run"])

    return run


@pytest.mark.parametrize("precision", ["float32", "bf16", "float64"])
def test_a_learning_rate_far_too_high(failed, precision):
    error, run = failed("optimizer={kind: sgd, lr: 1e30}", f"train.precision={precision}")
    assert "step " in error["message"]
    assert any(word in error["message"] for word in ("hidden.0", "head", "layer"))
    assert "optimizer.lr" in error["hint"]
    assert run.status == "failed"


@pytest.mark.parametrize(
    ("spoiled", "place"),
    [
        ("layer", "layer middle is the first with a NaN or infinite output"),
        ("between", "the input of layer last is the first that is NaN or infinite"),
        ("after", "layer model is the first with a NaN or infinite output"),
    ],
)
def test_the_step_and_the_layer_are_named(failed, spoiled, place):
    target = f"model={{kind: python, target: 'own_bad:net', args: {{spoiled: {spoiled}}}}}"
    error, run = failed(target, "train.checkpoint=3 steps")
    assert error["message"].startswith("the loss of step 5 is ")
    assert error["message"].endswith(place)
    # What led there is in the log, and the checkpoint is one from before.
    assert [r["step"] for r in run.metrics() if r["kind"] == "step"] == [1, 2, 3, 4]
    assert run.load("last")["progress"]["step"] == 3


def test_the_loss_itself(failed):
    error, _ = failed("loss={kind: python, target: 'own_bad:loss'}")
    assert error["message"].endswith("every layer's output is finite, but their loss is not")


def test_a_gradient_that_spoils_the_weights(failed):
    error, run = failed("loss={kind: python, target: 'own_bad:rooted'}", "train.eval_every=1")
    assert error["message"].startswith("a weight is not finite after step 1: the gradient of ")
    # No evaluation and no checkpoint ever had these weights.
    assert [r["kind"] for r in run.metrics()] == ["step", "look", "end"]
    assert run.load("last") is None


def test_an_infinite_input(failed):
    error, _ = failed("augmentation=[{kind: python, target: 'own_bad:blow_up'}]")
    assert error["message"].endswith("the batch has a non-finite input")
    assert "augmentation" in error["hint"]


def test_the_penalty(failed):
    error, _ = failed("regularizers.l2=1e38", "init={kind: constant, value: 1e3}")
    assert error["message"].endswith("the penalty on the weights is not finite")


def test_a_failed_run_says_so_and_is_not_gone_on_with(failed, trickrun):
    error, run = failed("optimizer={kind: sgd, lr: 1e30}")
    end = run.metrics()[-1]
    assert (end["kind"], end["stopped_by"], end["cause"]) == ("end", "failed", "non_finite")
    assert end["reason"] == error["message"]
    for changes in ([], ["train.epochs=20"]):
        ran = trickrun("train", "--resume", run.path, *changes)
        assert ran.code == 2
        assert "this run failed, and would fail again" in ran.err
        assert "lower optimizer.lr" in ran.err


def test_the_replay_follows_a_plateau_past_the_checkpoint(tmp_path):
    """The checkpoint's history ends before evaluations that lowered the learning rate."""
    (tmp_path / "bad.yaml").write_text(RECIPE)
    changes = [
        "optimizer={kind: sgd, lr: 0.1, schedule: {kind: plateau, patience: 0, factor: 0.5}}",
        "optimizer.schedule.monitor=val_accuracy",
        "early_stopping={patience: 90, restore_best: false}",
        "train.checkpoint=2 epochs",
        "train.epochs=5",
    ]
    recipe = load(tmp_path / "bad.yaml", changes).recipe
    job, progress = compile_recipe(recipe, tmp_path), Progress()
    checkpoints = [copy.deepcopy(r) for r in train(job, progress) if isinstance(r, Checkpoint)]
    fresh = compile_recipe(recipe, tmp_path)
    begin = restore(fresh, checkpoints[0].state)
    assert locate(fresh, begin, progress.history, progress.step) == NOT_AGAIN
    rates = [values["lr"] for values in progress.history]
    assert rates[-1] < rates[2]
    for name, value in job.model.state_dict().items():
        assert torch.equal(fresh.model.state_dict()[name], value), name


def test_a_non_finite_weight_is_told_with_a_finite_loss():
    assert str(NonFinite(4, math.nan)) == "the loss of step 4 is nan"
    assert str(NonFinite(4, 1.5)) == "a weight is not finite after step 4"
