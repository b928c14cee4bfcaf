"""Samples before and after augmentation are those that the first training step sees."""

from pathlib import Path

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.introspection.augmented import columns

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
    raw = job.data.train.x[job.order(0)[:5]].float()
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


def test_one_augmentation_needs_no_column_for_all():
    assert len(columns(job_of(FLIP), samples=2)) == 2


def test_the_first_of_several_crops_is_shown():
    shown = columns(job_of({"kind": "random_crop", "pad": 0, "crops": 3}), samples=4)
    torch.testing.assert_close(shown[1].images, shown[0].images)


def test_without_an_augmentation_there_is_nothing_to_see():
    with pytest.raises(CompileError, match="no augmentation that is on"):
        columns(job_of({"kind": "flip", "p": 0.0}), samples=2)


def test_tables_are_no_pictures():
    with pytest.raises(CompileError, match=r"only images can be shown.*\[4\]"):
        columns(job_of(NOISE, data="iris"), samples=2)
