"""In a job each augmentation draws from a stream of its own kind."""

from pathlib import Path

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.training.regularization import bind_augmentations

CPU = torch.device("cpu")


def bound(*augmentations, shape=(1, 4, 4)):
    recipe = Recipe.model_validate(
        {"data": {"kind": "digits"}, "model": {"kind": "mlp"}, "augmentation": list(augmentations)}
    )
    return bind_augmentations(recipe, Path(), shape, CPU)


def noise_of(augmentations, which=-1, step=7):
    chosen = augmentations[which]
    chosen.stream.at(step)
    return chosen.apply(torch.zeros(3, 1, 4, 4), torch.zeros(3), chosen.stream.generator)[0]


SHIFT, NOISE = {"kind": "shift"}, {"kind": "noise", "std": 1.0}


@pytest.mark.parametrize(
    "others", [[], [{"kind": "shift", "pixels": 0}], [SHIFT], [{"kind": "flip"}, SHIFT]], ids=str
)
def test_other_augmentations_leave_the_draws_alone(others):
    assert torch.equal(noise_of(bound(*others, NOISE)), noise_of(bound(NOISE)))


def test_a_repeated_kind_draws_anew():
    twice = bound(NOISE, NOISE)
    assert not torch.equal(noise_of(twice, 0), noise_of(twice, 1))


def test_one_that_is_off_still_counts_as_the_first_of_its_kind():
    off = {"kind": "noise", "std": 0.0}
    assert torch.equal(noise_of(bound(off, NOISE)), noise_of(bound(NOISE, NOISE), 1))


def test_each_step_draws_anew_and_can_be_repeated():
    noise = bound(NOISE)
    assert torch.equal(noise_of(noise, step=3), noise_of(noise, step=3))
    assert not torch.equal(noise_of(noise, step=3), noise_of(noise, step=4))


def test_strength_zero_is_left_out():
    assert len(bound({"kind": "flip", "p": 0.0}, SHIFT, {"kind": "noise", "std": 0.0})) == 1


def test_an_image_augmentation_of_a_table_is_refused():
    with pytest.raises(CompileError, match="shift needs images") as caught:
        bound(NOISE, SHIFT, shape=(4,))
    assert caught.value.where == "augmentation.1"
