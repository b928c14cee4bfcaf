"""Samples before and after augmentation are those that the first training step sees."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.introspection.augmented import chosen, columns

FLIP, NOISE = {"kind": "flip", "p": 1.0}, {"kind": "noise", "std": 0.5}


def job_of(*augmentation, data="digits"):
    tree = {
        "data": {"kind": data, "subset": {"n": 40}, "batch_size": 8},
        "model": {"kind": "mlp", "hidden": [2]},
        "augmentation": list(augmentation),
        "train": {"device": "cpu"},
    }
    return compile_recipe(Recipe.model_validate(tree), Path())


def test_each_alone_and_all_together():
    job = job_of(FLIP, {"kind": "shift", "pixels": 0}, NOISE)
    before, flipped, noisy, both = columns(job, samples=5)
    raw = job.data.train.x[chosen(job, 5)[0]].float()
    torch.testing.assert_close(before.images, raw, atol=1e-4, rtol=0)
    torch.testing.assert_close(flipped.images, raw.flip(3), atol=1e-4, rtol=0)
    noise = noisy.images - raw
    torch.testing.assert_close(both.images, raw.flip(3) + noise, atol=1e-4, rtol=0)
    assert [c.name for c in (before, flipped, noisy, both)] == [
        "as it is",
        "flip\np: 1.0",
        "noise\nstd: 0.5",
        "all together",
    ]


def test_every_class_has_a_sample_before_any_has_two():
    job = job_of(FLIP)
    order, task = job.order(0).tolist(), job.data.task
    there = {int(label) for label in job.data.train.y}
    for samples, count in ((None, max(8, len(there))), (3, 3), (20, 20)):
        indices, labels = chosen(job, samples)
        assert len(indices) == len(set(indices.tolist())) == count
        assert set(indices.tolist()) <= set(order)
        assert [task.labels[int(job.data.train.y[i])] for i in indices] == list(labels)
        assert len(set(labels)) == min(count, len(there))
    assert columns(job, 3)[0].labels == chosen(job, 3)[1]


def test_values_have_no_classes():
    job = job_of(FLIP)
    values = replace(job, data=replace(job.data, task=replace(job.data.task, kind="regression")))
    indices, labels = chosen(values, None)
    assert (indices.tolist(), labels) == (job.order(0)[:8].tolist(), ())


def test_one_augmentation_needs_no_column_for_all():
    assert len(columns(job_of(FLIP), samples=2)) == 2


def test_the_first_of_several_crops_is_shown():
    shown = columns(job_of({"kind": "random_crop", "pad": 0, "crops": 3}), samples=4)
    torch.testing.assert_close(shown[1].images, shown[0].images)


def test_without_an_augmentation_there_is_nothing_to_see():
    with pytest.raises(CompileError, match="no active augmentation"):
        columns(job_of({"kind": "flip", "p": 0.0}), samples=2)


def test_tables_are_no_pictures():
    with pytest.raises(CompileError, match=r"only images can be shown.*\[4\]"):
        columns(job_of(NOISE, data="iris"), samples=2)
