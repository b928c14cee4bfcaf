"""When a checkpoint is due, and that one has all of a run's state."""

import copy
from pathlib import Path

import pytest
import torch

from benchmarks.attacks.mutate import places, put
from trickrun.recipe.patch import ROOT
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import members
from trickrun.training import checkpoint
from trickrun.training.compile import compile_recipe
from trickrun.training.loop import take_step


def job_of(every, **optimizer):
    return compile_recipe(
        Recipe.model_validate(
            {
                "data": {"kind": "iris", "batch_size": 50},
                "model": {"kind": "mlp", "hidden": [4]},
                "optimizer": optimizer or {"kind": "adam"},
                "train": {"checkpoint": {"every": every}, "device": "cpu"},
            }
        ),
        Path(),
    )


@pytest.mark.parametrize(
    ("every", "due"),
    [
        ("1 step", [1, 2, 3, 4, 5, 6, 7]),
        ("3 steps", [3, 6]),
        ("1 epoch", [3, 6]),
        ("2 epochs", [6]),
    ],
)
def test_due_by_steps_or_epochs(every, due):
    clock = checkpoint.CheckpointClock(job_of(every))
    assert [step for step in range(1, 8) if clock.after(step)] == due


def test_due_by_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    clock = checkpoint.CheckpointClock(job_of("5 s"))
    assert not clock.after(1)
    now[0] = 104.9
    assert not clock.after(2)
    now[0] = 105.0
    assert clock.after(3)
    clock.done()
    assert not clock.after(4)


@pytest.mark.parametrize(
    "optimizer",
    [{"kind": "adam"}, {"kind": "sgd", "lr": 0.1, "momentum": 0.9}, {"kind": "rmsprop"}],
    ids=lambda optimizer: optimizer["kind"],
)
def test_a_restored_job_goes_on_as_the_first(optimizer, tmp_path):
    one, other = job_of("1 step", **optimizer), job_of("1 step", **optimizer)
    progress = checkpoint.Progress(step=3, history=[{"step": 3.0}], losses=[0.5], samples=106)
    batches = one.batches(0)
    for step in range(3):
        take_step(one, next(batches), step, [], logged=False)
    torch.save(checkpoint.snapshot(one, progress), tmp_path / "s.pt")
    loaded = torch.load(tmp_path / "s.pt", weights_only=True)
    assert checkpoint.restore(other, loaded) == progress
    for job in (one, other):
        take_step(job, next(job.batches(3)), 3, [], logged=False)
    weights = other.model.state_dict()
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, weights[name]), name


def after_two_steps(kind):
    """The state of an optimizer's job."""
    job = job_of("1 step", kind=kind)
    batches = job.batches(0)
    for step in range(2):
        take_step(job, next(batches), step, [], logged=False)
    return checkpoint.snapshot(job, checkpoint.Progress())


KINDS = [kind for kind in members(ROOT.params)["optimizer"].shape.kinds.names() if kind != "python"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_each_optimizer_is_one_of_its_own(kind):
    state, other = after_two_steps(kind), job_of("1 step", kind=kind)
    checkpoint.restore(other, copy.deepcopy(state))
    assert str(other.optimizer.state_dict()) == str(state["optimizer"])


@pytest.mark.parametrize("kind", ["adam", "sgd", "adafactor", "muon", "lion"])
def test_a_state_with_something_else_in_any_place_is_refused_or_goes_on(kind):
    state = after_two_steps(kind)
    hostile = ["x", None, [1], torch.zeros(2, device="meta"), torch.zeros(3, 1), torch.zeros(0)]
    refused = 0
    for path in places(state["optimizer"]):
        for value in hostile:
            changed = {**state, "optimizer": put(copy.deepcopy(state["optimizer"]), path, value)}
            job = job_of("1 step", kind=kind)
            try:
                checkpoint.restore(job, changed)
            except Exception:  # what run.execute tells as a checkpoint that does not fit
                refused += 1
                continue
            take_step(job, next(job.batches(0)), 2, [], logged=False)
    assert refused > 10


def test_the_best_is_a_copy():
    job = job_of("1 step")
    best = checkpoint.best_so_far(job, checkpoint.Progress(history=[{"step": 1.0}, {"step": 2.0}]))
    assert best.values == {"step": 2.0}
    before = {name: value.clone() for name, value in best.model.items()}
    take_step(job, next(job.batches(0)), 0, [], logged=False)
    assert all(torch.equal(before[name], best.model[name]) for name in before)
    assert not torch.equal(job.model.state_dict()["linear1.weight"], before["linear1.weight"])
