"""Changes of color and focus against their formulas, written out or by torch's convolution."""

import math

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.tricks.augmentation._color import brightened, contrasted, grey, saturated
from trickrun.tricks.augmentation.blur import Blur, blurred
from trickrun.tricks.augmentation.brightness import Brightness
from trickrun.tricks.augmentation.color_shift import ColorShift
from trickrun.tricks.augmentation.contrast import Contrast
from trickrun.tricks.augmentation.saturation import Saturation


def images(channels=3, samples=4, size=7):
    drawn = torch.Generator().manual_seed(1)
    return torch.rand(samples, channels, size, size, generator=drawn, dtype=torch.float64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


FACTORS = torch.tensor([0.0, 0.5, 1.0, 1.7], dtype=torch.float64)


def test_grey_is_weighted_as_the_eye_does():
    x = images()
    wanted = 0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2]
    torch.testing.assert_close(grey(x), wanted.unsqueeze(1))
    torch.testing.assert_close(grey(images(channels=2))[:, 0], images(channels=2).mean(dim=1))
    assert torch.equal(grey(images(channels=1)), images(channels=1))


def test_brightness_multiplies():
    x = images()
    for image, before, factor in zip(brightened(x, FACTORS), x, FACTORS, strict=True):
        torch.testing.assert_close(image, factor * before)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_contrast_keeps_the_mean_and_scales_the_distance_from_it(channels):
    x = images(channels)
    for image, before, factor in zip(contrasted(x, FACTORS), x, FACTORS, strict=True):
        mean = grey(before.unsqueeze(0)).mean()
        torch.testing.assert_close(image, mean + factor * (before - mean))


def test_saturation_scales_the_distance_from_grey():
    x = images()
    for image, before, factor in zip(saturated(x, FACTORS), x, FACTORS, strict=True):
        pale = grey(before.unsqueeze(0))[0]
        torch.testing.assert_close(image, pale + factor * (before - pale))


def test_saturation_needs_color():
    Saturation().check((3, 8, 8), "augmentation.0")
    with pytest.raises(CompileError, match="saturation needs 3 color channels") as caught:
        Saturation().check((1, 8, 8), "augmentation.0")
    assert caught.value.where == "augmentation.0"


def test_factors_stay_within_their_bound():
    x = torch.ones(5000, 1, 1, 1)
    found = Brightness(by=0.3).apply(x, torch.zeros(5000), generator())[0]
    assert 0.7 <= float(found.min()) < 0.71
    assert 1.29 < float(found.max()) <= 1.3


def test_color_shift_adds_one_number_to_a_channel():
    x = images(samples=200)
    added = ColorShift(by=0.5).apply(x, torch.zeros(200), generator())[0] - x
    spread = added.amax(dim=(2, 3)) - added.amin(dim=(2, 3))
    assert float(spread.max()) < 1e-12
    assert 0.48 < float(added.abs().max()) <= 0.5
    assert len(added[:, :, 0, 0].flatten().unique()) == 600


def gauss(sigma, radius):
    values = [math.exp(-(d**2) / (2 * sigma**2)) for d in range(-radius, radius + 1)]
    line = torch.tensor(values, dtype=torch.float64)
    line /= line.sum()
    return line[:, None] * line


def test_blur_is_a_convolution_with_the_gauss_kernel():
    x = images()
    sigmas = torch.tensor([0.4, 0.8, 1.2, 2.0], dtype=torch.float64)
    found = blurred(x, sigmas, radius=3)
    padded = torch.nn.functional.pad(x, (3,) * 4, mode="replicate")
    for image, before, sigma in zip(found, padded, sigmas.tolist(), strict=True):
        kernel = gauss(sigma, 3).expand(3, 1, 7, 7)
        wanted = torch.nn.functional.conv2d(before.unsqueeze(0), kernel, groups=3)[0]
        torch.testing.assert_close(image, wanted)


def test_blur_of_width_zero_is_none_and_works_on_images_smaller_than_the_kernel():
    x = images(size=2)
    torch.testing.assert_close(blurred(x, torch.zeros(4, dtype=x.dtype), radius=9), x)


KINDS = (Brightness, Contrast, Saturation, ColorShift, Blur)


@pytest.mark.parametrize("kind", KINDS)
def test_probability_and_strength_of_zero_are_off(kind):
    assert kind(p=0.0).off
    assert kind.model_validate({str(kind.main): 0.0}).off
    assert not kind(p=0.1).off


@pytest.mark.parametrize("kind", KINDS)
def test_with_probability_a_half_some_images_stay(kind):
    x = images(samples=64)
    changed, _ = kind(p=0.5).apply(x, torch.zeros(64), generator())
    stayed = sum(torch.equal(a, b) for a, b in zip(x, changed, strict=True))
    assert 16 < stayed < 48
