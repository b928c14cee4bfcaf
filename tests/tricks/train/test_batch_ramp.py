"""The batch-size ramp: sizes by the formula, the run's steps and its other batches unchanged."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step
from trickrun.tricks.schedules import Span
from trickrun.tricks.train.batch_ramp import BatchRamp

HERE = Path(__file__).parent
RUN = Span(steps=100, per_epoch=10)


def sizes(ramp: BatchRamp, whole: int = 64) -> list[int]:
    return [ramp.size(whole, step, RUN) for step in range(RUN.steps)]


def test_it_grows_in_a_line():
    found = sizes(BatchRamp(start=0.25, until=0.5))
    assert found[:50] == [round(16 + 48 * t / 50) for t in range(50)]
    assert found[50:] == [64] * 50


def test_it_doubles_at_equal_distances():
    found = sizes(BatchRamp(start=1 / 8, until=0.6, shape="double"))
    assert found == [8] * 20 + [16] * 20 + [32] * 20 + [64] * 40


@given(
    start=st.floats(1e-3, 0.999),
    until=st.floats(0, 1),
    shape=st.sampled_from(["linear", "double"]),
    whole=st.integers(1, 300),
)
def test_it_never_shrinks_and_stays_within_the_batch(start, until, shape, whole):
    found = sizes(BatchRamp(start=start, until=until, shape=shape), whole)
    assert found == sorted(found)
    assert min(found) >= min(2, whole)
    assert max(found) <= whole


def job(**train: Any) -> Job:
    tree = {"data": {"kind": "iris", "batch_size": 16}, "model": {"kind": "mlp", "hidden": [8]}}
    return compile_recipe(from_tree(canonical({**tree, "train": {"steps": 20, **train}})), HERE)


def test_a_step_takes_the_first_samples_of_its_batch():
    ramp = {"start": 0.25, "until": 0.5}
    plain, ramped = job(), job(batch_ramp=ramp)
    assert ramped.span == plain.span
    whole, cut = plain.batches(0), ramped.batches(0)
    for step in range(20):
        batch, part = next(whole), next(cut)
        assert torch.equal(part, batch[: BatchRamp(**ramp).size(len(batch), step, plain.span)])
    (entry,) = [t for t in ramped.ledger if t.trick == "batch_ramp"]
    assert (entry.section, entry.what) == ("train", "batches of 4 growing to 16")
    assert take_step(ramped, next(ramped.batches(0)), 0, [], False).samples == 4


@pytest.mark.parametrize("step", [3, 9, 13])
def test_it_goes_on_in_the_middle(step):
    made = job(batch_ramp=0.25)
    from_the_start = made.batches(0)
    for _ in range(step):
        next(from_the_start)
    resumed = made.batches(step)
    for _ in range(20 - step):
        assert torch.equal(next(resumed), next(from_the_start))


def test_with_accumulation_it_is_the_step_that_grows():
    made = job(batch_ramp=0.25, accumulate=2)
    assert len(next(made.batches(0))) == 8
    assert len(next(made.batches(12))) == 32


def test_a_batch_that_is_too_small_to_grow_is_an_error():
    tree = {"data": {"kind": "iris", "batch_size": 2}, "model": "mlp", "train": {"batch_ramp": 0.5}}
    with pytest.raises(CompileError, match="train: batch_ramp"):
        compile_recipe(from_tree(canonical(tree)), HERE)


def test_it_trains_alone():
    assert BatchRamp().trains_alone
