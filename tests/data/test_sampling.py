"""Balanced sampling: every class equally often, every sample of a class too."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from work import elements

from trickrun.data.splits.split import balanced_order, repeated
from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe


def order(y, seed=0):
    return balanced_order(y, torch.Generator().manual_seed(seed))


def labels(*counts):
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))


@pytest.mark.parametrize("counts", [(90, 10), (50, 30, 20), (96, 2, 2), (10, 0, 10)])
def test_classes_come_equally_often(counts):
    y = labels(*counts)
    found = torch.bincount(y[order(y)], minlength=len(counts))
    wanted = len(y) / sum(count > 0 for count in counts)
    assert int(found.sum()) == len(y)
    assert all(abs(n - wanted) < 1 for n, count in zip(found, counts, strict=True) if count)


def test_samples_of_a_rare_class_are_repeated_equally_often():
    y = labels(90, 4)
    times = torch.bincount(order(y), minlength=94)
    assert set(times[90:].tolist()) == {11, 12}
    assert set(times[:90].tolist()) == {0, 1}


def test_epochs_show_other_samples_in_another_order():
    y = labels(90, 10)
    assert torch.equal(order(y), order(y))
    assert not torch.equal(order(y), order(y, seed=1))
    assert len(set(order(y).tolist()) ^ set(order(y, seed=1).tolist())) > 10


def test_who_has_one_more_is_drawn():
    y = labels(4, 3, 3)
    more = {int(torch.bincount(y[order(y, seed)]).argmax()) for seed in range(20)}
    assert more == {0, 1, 2}


def class_by_class(y, generator):
    """The definition: each class's samples are looked for among all."""
    classes = torch.unique(y)
    share, rest = divmod(len(y), len(classes))
    lucky = set(torch.randperm(len(classes), generator=generator)[:rest].tolist())
    drawn = [
        repeated((y == label).nonzero().flatten(), share + (place in lucky), generator)
        for place, label in enumerate(classes)
    ]
    chosen = torch.cat(drawn)
    return chosen[torch.randperm(len(chosen), generator=generator)]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(0, 9))
def test_the_order_is_that_of_a_search_for_each_class(classes, seed):
    y = torch.tensor(classes)
    assert torch.equal(order(y, seed), class_by_class(y, torch.Generator().manual_seed(seed)))


def test_many_classes_are_hardly_more_work_than_few():
    few, many = (torch.arange(4000) % classes for classes in (10, 1000))
    assert elements(lambda: order(many)) < 2 * elements(lambda: order(few))


def recipe(data="wine", **words):
    tree = {
        "data": {"kind": data, "batch_size": 8, "sampling": "balanced", **words},
        "model": {"kind": "mlp", "hidden": [2]},
        "train": {"device": "cpu"},
    }
    return Recipe.model_validate(tree)


def test_a_job_draws_its_batches_so():
    job = compile_recipe(recipe(), Path())
    y = job.data.train.y
    assert len(set(torch.bincount(y).tolist())) > 1
    first, second = (torch.bincount(y[job.order(epoch)]) for epoch in (0, 1))
    assert int(first.max() - first.min()) <= 1
    assert int(second.max() - second.min()) <= 1
    assert not torch.equal(job.order(0), job.order(1))


def test_values_have_no_classes():
    with pytest.raises(CompileError, match="only samples that have a class") as caught:
        compile_recipe(recipe("diabetes"), Path())
    assert caught.value.where == "data.sampling"


def test_what_is_drawn_is_shuffled():
    with pytest.raises(ValueError, match="shuffle cannot be false"):
        recipe(shuffle=False)
