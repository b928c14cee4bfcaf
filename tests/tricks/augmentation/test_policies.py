"""RandAugment and TrivialAugment: their operations by hand, and who gets which."""

from functools import partial

import pytest
import torch

from trickrun.tricks.augmentation._policy import (
    Policy,
    apply_one_each,
    policy,
    posterized,
    sharpened,
    solarized,
    stretched,
)
from trickrun.tricks.augmentation._warp import identity, warp
from trickrun.tricks.augmentation.randaugment import RANGES, RandAugment
from trickrun.tricks.augmentation.trivialaugment import TrivialAugment

NOTHING = 5
"""The place of the operation that does nothing: the first after the affine maps."""


def images(channels=3, samples=4, size=8):
    drawn = torch.Generator().manual_seed(1)
    return torch.rand(samples, channels, size, size, generator=drawn, dtype=torch.float64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def strengths(*values):
    return torch.tensor(values, dtype=torch.float64)


def operations(channels=3):
    """Return every operation as a function of images and strengths, by its place."""
    choices = policy(RANGES, channels)

    def mapped(x, strength, matrix):
        return warp(x, matrix(x, strength), "zeros")

    return [*(partial(mapped, matrix=matrix) for matrix in choices.maps), *choices.changes]


def test_grey_images_have_no_saturation_to_change():
    assert len(operations(3)) == len(operations(1)) + 1 == 13


@pytest.mark.parametrize("place", range(13))
def test_at_strength_zero_only_autocontrast_changes_anything(place):
    x = (images() * 255).round()
    # So that a channel that reaches from black to white has nothing to be stretched.
    x[:, :, 0, 0], x[:, :, 0, 1] = 0.0, 255.0
    changed = operations()[place](x, torch.zeros(4, dtype=x.dtype))
    torch.testing.assert_close(changed, x, atol=1e-6, rtol=0)


@pytest.mark.parametrize("place", sorted({*range(12)} - {NOTHING}))
def test_at_full_strength_every_operation_changes_every_image(place):
    x = images(samples=2)
    changed = operations()[place](x, strengths(1.0, -1.0))
    assert all(not torch.equal(a, b) for a, b in zip(changed, x, strict=True))


def test_sharpness_moves_away_from_the_smoothed_image():
    x = images(channels=1, samples=2)
    kernel = torch.ones(1, 1, 3, 3, dtype=x.dtype)
    kernel[0, 0, 1, 1] = 5
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    smooth = torch.nn.functional.conv2d(padded, kernel / 13)
    found = sharpened(x, strengths(0.0, 1.5))
    torch.testing.assert_close(found[0], smooth[0])
    torch.testing.assert_close(found[1], smooth[1] + 1.5 * (x[1] - smooth[1]))


def test_posterize_takes_bits_of_the_image_s_own_range():
    x = torch.arange(256, dtype=torch.float64).reshape(1, 1, 16, 16) + 10
    found = posterized(x, strengths(0.5), bits=4) - 10
    assert torch.equal(found, torch.arange(256, dtype=torch.float64).reshape(x.shape) // 4 * 4)


def test_solarize_turns_what_is_above_the_threshold():
    x = torch.arange(5, dtype=torch.float64).reshape(1, 1, 1, 5)
    assert solarized(x, strengths(0.5)).flatten().tolist() == [0.0, 1.0, 2.0, 1.0, 0.0]
    assert solarized(x, strengths(-0.5)).flatten().tolist() == [0.0, 1.0, 2.0, 1.0, 0.0]


def test_autocontrast_stretches_each_channel_over_the_image_s_range():
    x = torch.tensor([[[[0.0, 8.0]], [[2.0, 4.0]]]])
    assert stretched(x, torch.ones(1)).tolist() == [[[[0.0, 8.0]], [[0.0, 8.0]]]]


def test_an_image_of_one_color_stays_finite():
    x = torch.full((2, 3, 4, 4), 5.0)
    for operation in operations():
        assert operation(x, torch.ones(2)).isfinite().all()


def still(x, strength):
    return identity(x)


def add(x, strength, by):
    return x + by


def adding(*numbers):
    """Return a policy that adds one of ``numbers``, or nothing, to a pixel."""
    return Policy((still,), tuple(partial(add, by=by) for by in numbers))


@pytest.mark.parametrize("samples", [1, 2, 3, 7, 13, 40])
def test_each_image_gets_one_operation_and_stays_in_its_place(samples):
    x = torch.arange(samples, dtype=torch.float64).reshape(-1, 1, 1, 1)
    found = apply_one_each(x, torch.ones(samples), adding(100, 200), generator())
    added = (found - x).flatten().tolist()
    assert set(added) <= {0.0, 100.0, 200.0}
    assert max(added.count(by) for by in set(added)) <= -(-samples // 3)


def test_every_operation_is_equally_likely_for_the_only_image():
    drawn = generator()
    x = torch.zeros(1, 1, 1, 1)
    found = [int(apply_one_each(x, torch.ones(1), adding(1, 2, 3), drawn)) for _ in range(400)]
    assert all(abs(found.count(n) - 100) <= 5 * (400 * 3 / 16) ** 0.5 for n in range(4))


def by_strength(x, strength):
    return x + strength.reshape(-1, 1, 1, 1)


def test_the_sign_of_a_strength_is_a_coin_s():
    x = torch.zeros(2000, 1, 1, 1)
    choices = Policy((still,), (by_strength,))
    found = apply_one_each(x, torch.full((2000,), 0.3), choices, generator())
    positive = int((found > 0).sum())
    assert found.unique().tolist() == pytest.approx([-0.3, 0.0, 0.3])
    assert abs(positive - 500) <= 5 * 250**0.5


def test_randaugment_at_magnitude_zero_only_stretches():
    x = (images(samples=26) * 255).round()
    x[:, :, 0, 0], x[:, :, 0, 1] = 0.0, 255.0
    changed, _ = RandAugment(magnitude=0, operations=1).apply(x, torch.zeros(26), generator())
    torch.testing.assert_close(changed, x, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", [RandAugment(), TrivialAugment()], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_most_images_change_and_none_alike(kind, channels):
    x = images(channels, samples=1).expand(32, -1, -1, -1)
    changed, _ = kind.apply(x, torch.zeros(32), generator())
    assert changed.isfinite().all()
    assert len({tuple(image.flatten().tolist()) for image in changed}) > 20


def test_none_and_never_are_off():
    assert RandAugment(operations=0).off
    assert TrivialAugment(p=0.0).off
    assert not RandAugment(magnitude=0).off
