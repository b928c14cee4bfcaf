"""``train.step``: a user's own training step, right or faulty, in place of the built-in one."""

from pathlib import Path

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.recipe.load import load
from trickrun.training.compile import compile_recipe
from trickrun.training.events import TrainedSteps
from trickrun.training.job import Job
from trickrun.training.loop import train

CODE = """
def plain(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value

def forgets_zero_grad(model, batch, loss, optimizer):
    x, y = batch
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value

def returns_nothing(model, batch, loss, optimizer):
    pass
"""


@pytest.fixture
def job_of(tmp_path: Path):
    (tmp_path / "own_steps.py").write_text(CODE)
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {kind: iris, batch_size: 32}\nmodel: {kind: mlp, hidden: [8]}\n"
        "regularizers: {dropout: 0.2}\ntrain: {epochs: 2}\n"
    )

    def job(*overrides: str) -> Job:
        loaded = load(path, overrides)
        return compile_recipe(loaded.recipe, loaded.folder)

    return job


def losses(job: Job) -> list[float]:
    blocks = [record for record in train(job) if isinstance(record, TrainedSteps)]
    return [loss for block in blocks for loss in block.losses]


def test_a_right_step_trains_exactly_as_the_built_in_one(job_of) -> None:
    own, built_in = job_of("train.step=own_steps:plain"), job_of()
    assert losses(own) == losses(built_in)
    for mine, theirs in zip(own.model.parameters(), built_in.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_faulty_step_is_run_as_it_is(job_of) -> None:
    assert losses(job_of("train.step=own_steps:forgets_zero_grad")) != losses(job_of())


def test_what_only_the_built_in_step_applies_is_refused_beside_an_own_one(job_of) -> None:
    with pytest.raises(CompileError, match="nothing applies: l2, clip"):
        job_of("train.step=own_steps:plain", "regularizers.l2=0.1", "optimizer.clip=1.0")


def test_a_step_that_returns_no_loss_is_named(job_of) -> None:
    with pytest.raises(CompileError, match="returned None, not the loss") as caught:
        losses(job_of("train.step=own_steps:returns_nothing"))
    assert caught.value.where == "own_steps:returns_nothing"
