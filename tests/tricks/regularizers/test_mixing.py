"""Mixup and cutmix: what is mixed, in which shares, and what the loss makes of it."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from torch.nn import functional

from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.tricks.regularizers.cutmix import CutMix, span
from trickrun.tricks.regularizers.mixup import Mixup

DIGITS = {"kind": "digits", "subset": {"n": 64}, "batch_size": 16}


def job(regularizers: dict[str, Any], data: dict[str, Any] = DIGITS, folder: Path = Path()) -> Job:
    tree = {
        "data": data,
        "model": {"kind": "mlp", "hidden": [8]},
        "regularizers": regularizers,
        "train": {"steps": 8, "device": "cpu"},
    }
    recipe = from_tree(canonical(tree))
    return compile_recipe(recipe, folder, prepare(recipe.data, folder))


def test_mixup_is_the_weighted_mean_of_two_samples():
    x = torch.randn(5, 3)
    mixed, share = Mixup(alpha=0.7).mix(x, Random(3))
    assert share == Random(3).betavariate(0.7, 0.7)
    torch.testing.assert_close(mixed, share * x + (1 - share) * x[[4, 0, 1, 2, 3]])


@pytest.mark.parametrize("seed", range(20))
def test_cutmix_pastes_one_box_and_counts_what_is_left(seed):
    x = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 2, 6, 9).clone()
    mixed, share = CutMix().mix(x, Random(seed))
    pasted = mixed != x
    assert torch.equal(mixed[pasted], x.roll(1, 0)[pasted])
    assert share == pytest.approx(1 - float(pasted.float().mean()))
    rows, columns = pasted[0, 0].any(1), pasted[0, 0].any(0)
    assert torch.equal(pasted[0, 0], rows[:, None] & columns)  # a box
    assert all(torch.equal(sample[0], pasted[0, 0]) for sample in pasted)
    assert torch.equal(x[:, 0, 0, 0], torch.arange(4.0))  # the batch itself is left alone


def test_spans_are_cut_at_the_edges():
    spans = [span(10, 0.6, Random(seed)) for seed in range(200)]
    assert {end - begin for begin, end in spans} == {3, 4, 5, 6}
    assert min(begin for begin, _ in spans) == 0
    assert max(end for _, end in spans) == 10
    assert span(10, 0.0, Random(1))[0] == span(10, 0.0, Random(1))[1]


def test_the_loss_is_that_of_the_mixed_targets():
    of = job({"mixup": 1.0})
    x, y = of.training_batch(next(of.batches(0)), 0)
    mixed, targets = of.mix(x, y, 3)
    assert not torch.equal(mixed, x)
    one_hot = functional.one_hot(y, 10).float()
    soft = targets.share * one_hot + (1 - targets.share) * one_hot.roll(1, 0)
    prediction = of.model(mixed)
    expected = functional.cross_entropy(prediction, soft)
    torch.testing.assert_close(targets.loss(of.loss, prediction), expected)


def test_draws_are_keyed_by_step_and_both_tricks_take_turns():
    of = job({"mixup": 1.0, "cutmix": 1.0})
    x, y = of.training_batch(next(of.batches(0)), 0)
    first, again = of.mix(x, y, 5), of.mix(x, y, 5)
    assert torch.equal(first[0], again[0])
    assert first[1].share == again[1].share != of.mix(x, y, 6)[1].share
    # A box leaves most pixels as they were, a mean hardly one that is not constant.
    kept = [float((of.mix(x, y, step)[0] == x).float().mean()) for step in range(40)]
    alone = job({"mixup": 1.0})
    same = [torch.equal(of.mix(x, y, step)[0], alone.mix(x, y, step)[0]) for step in range(40)]
    assert 10 < sum(same) < 30  # with mixup alone its draws are the same
    assert len(set(kept)) > 10


def test_without_them_the_batch_is_untouched():
    of = job({})
    x, y = of.training_batch(next(of.batches(0)), 0)
    mixed, targets = of.mix(x, y, 0)
    assert mixed is x
    assert (targets.own is y, targets.other) == (True, None)


ROWS = """
import torch

def rows():
    return {"train": (torch.rand(40, 13), torch.arange(40) % 2), "task": "classification"}
"""


def test_cutmix_of_rows_is_refused(tmp_path):
    (tmp_path / "own.py").write_text(ROWS)
    with pytest.raises(CompileError, match=r"cutmix needs images, .* \[13\]") as caught:
        job({"cutmix": 1.0}, data={"kind": "python", "target": "own:rows"}, folder=tmp_path)
    assert caught.value.where == "regularizers.cutmix"


def test_values_can_be_mixed():
    of = job({"mixup": 1.0}, data={"kind": "diabetes", "batch_size": 16})
    x, y = of.training_batch(next(of.batches(0)), 0)
    mixed, targets = of.mix(x, y, 1)
    prediction = of.model(mixed).detach().requires_grad_()
    (found,) = torch.autograd.grad(targets.loss(of.loss, prediction), prediction)
    target = targets.share * y + (1 - targets.share) * y.roll(1, 0)
    (expected,) = torch.autograd.grad(of.loss(prediction, target), prediction)
    torch.testing.assert_close(found, expected)  # their losses differ by a constant
