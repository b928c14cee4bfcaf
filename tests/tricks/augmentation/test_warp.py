"""Affine maps of images against rot90, roll, and interpolation written out."""

import math

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.tricks.augmentation._warp import (
    after,
    identity,
    rotation,
    scaling,
    shearing,
    translation,
    warp,
)
from trickrun.tricks.augmentation.affine import Affine
from trickrun.tricks.augmentation.random_crop import RandomCrop, windows
from trickrun.tricks.augmentation.resized_crop import ResizedCrop, enlarged
from trickrun.tricks.augmentation.rotate import Rotate
from trickrun.tricks.augmentation.scale import Scale
from trickrun.tricks.augmentation.shear import Shear


def images(height=6, width=6, channels=2, samples=3):
    drawn = torch.Generator().manual_seed(1)
    return torch.rand(samples, channels, height, width, generator=drawn, dtype=torch.float64)


def each(*values):
    return torch.tensor(values, dtype=torch.float64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def same(found, wanted):
    torch.testing.assert_close(found, wanted, atol=1e-9, rtol=0)


def test_no_change_is_the_identity():
    x = images(5, 8)
    same(warp(x, identity(x), "zeros"), x)


@pytest.mark.parametrize("size", [5, 6])
def test_right_angles_are_rot90(size):
    x = images(size, size, samples=4)
    found = warp(x, rotation(x, each(0, 90, 180, -90)), "border")
    for turned, image, quarter in zip(found, x, (0, 1, 2, 3), strict=True):
        same(turned, image.rot90(quarter, dims=(1, 2)))


def test_whole_pixels_are_moved_and_zeros_come_in():
    x = images(5, 7)
    found = warp(x, translation(x, each(2, -1, 0), each(0, 1, -2)), "zeros")
    same(found[0, :, :, 2:], x[0, :, :, :-2])
    same(found[0, :, :, :2], torch.zeros(2, 5, 2, dtype=torch.float64))
    same(found[1, :, 1:, :-1], x[1, :, :-1, 1:])
    same(found[2, :, :-2], x[2, :, 2:])


def test_half_a_pixel_is_the_mean_of_two():
    x = images(samples=1)
    found = warp(x, translation(x, each(0.5), each(0.0)), "border")
    same(found[..., 1:], (x[..., 1:] + x[..., :-1]) / 2)


def test_twice_the_size_shows_the_middle_half():
    x = images(8, 8, samples=1)
    found = warp(x, scaling(x, each(2.0)), "zeros")
    # Pixels of an enlarged image lie a quarter and three quarters of the way.
    middle = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")[..., 4:12, 4:12]
    same(found, middle)


@pytest.mark.parametrize("row", [0, 1])
def test_shearing_slides_each_row_by_its_distance_from_the_middle(row):
    x = images(5, 9, samples=1)
    if row == 1:
        x = x.transpose(2, 3)
    found = warp(x, shearing(x, each(1.0), row), "zeros")
    if row == 1:
        x, found = x.transpose(2, 3), found.transpose(2, 3)
    for line in range(5):
        offset = line - 2
        kept = x[:, :, line].roll(offset, dims=2)
        inside = slice(max(0, offset), 9 + min(0, offset))
        same(found[:, :, line, inside], kept[..., inside])


def test_two_maps_in_one_are_one_after_the_other():
    x = images(6, 6, samples=1)
    turn, move = rotation(x, each(90.0)), translation(x, each(1.0), each(2.0))
    twice = warp(warp(x, turn, "zeros"), move, "zeros")
    same(warp(x, after(turn, move), "zeros"), twice)
    assert not torch.allclose(warp(x, after(move, turn), "zeros"), twice)


@pytest.mark.parametrize(("outside", "wanted"), [("zeros", 0.0), ("border", 1.0)])
def test_what_is_beyond_the_edge(outside, wanted):
    x = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    found = warp(x, translation(x, each(2.0), each(0.0)), outside)
    assert float(found[0, 0, 0, 0]) == wanted


def angle_of(image):
    """Return the direction in degrees in which an image [1, H, W] of one blob lies."""
    height, width = image.shape[1:]
    rows = torch.arange(height) - (height - 1) / 2
    columns = torch.arange(width) - (width - 1) / 2
    down = float((image[0] * rows[:, None]).sum())
    right = float((image[0] * columns).sum())
    return math.degrees(math.atan2(-down, right))


def test_rotate_stays_within_its_bound_and_reaches_both_sides():
    x = torch.zeros(500, 1, 31, 31)
    x[:, :, 15, 27] = 1.0
    changed, _ = Rotate(degrees=20).apply(x, torch.zeros(500), generator())
    angles = [angle_of(image) for image in changed]
    assert -21 < min(angles) < -18
    assert 18 < max(angles) < 21


def widths(changed):
    """Return how many columns of each image [N, 1, H, W] are lit."""
    return changed.sum(dim=(1, 2)).gt(0.5).sum(dim=1)


def test_scale_stays_within_its_bound():
    x = torch.zeros(300, 1, 40, 40)
    x[:, :, 10:30, 10:30] = 1.0
    found = widths(Scale(by=0.5).apply(x, torch.zeros(300), generator())[0])
    assert 9 <= int(found.min()) <= 12
    assert 28 <= int(found.max()) <= 32


KINDS = [
    Rotate(),
    Scale(),
    Shear(),
    Shear(axis="vertical"),
    Affine(),
    RandomCrop(pad=2),
    RandomCrop(pad=2, outside="reflection"),
    ResizedCrop(),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_samples_move_apart_and_constant_images_stay_inside(kind):
    same_image = images(9, 9, samples=1).expand(8, -1, -1, -1)
    changed, _ = kind.apply(same_image, torch.zeros(8), generator())
    assert len({tuple(image.flatten().tolist()) for image in changed}) > 5
    # A lookup between pixels never leaves the range of the pixels and of what is outside.
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= float(same_image.max()) + 1e-9


@pytest.mark.parametrize(
    "kind", [Rotate(p=0.5), Scale(p=0.5), Shear(p=0.5), Affine(p=0.5)], ids=str
)
def test_with_probability_a_half_some_images_stay(kind):
    x = images(samples=64)
    changed, _ = kind.apply(x, torch.zeros(64), generator())
    stayed = sum(torch.equal(a, b) for a, b in zip(x, changed, strict=True))
    assert 16 < stayed < 48


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_probability_zero_is_off(p):
    assert [kind(p=p).off for kind in (Rotate, Scale, Shear, Affine)] == [p == 0] * 4


def test_affine_without_any_strength_is_off():
    assert Affine(rotate=0, scale=0, shear=0, translate=0).off
    assert not Affine(rotate=0, scale=0, shear=0).off


def test_windows_of_the_padded_image():
    x = images(4, 5)
    places = torch.tensor([[0, 1, 2], [2, 1, 0]])
    found = windows(x, 1, "zeros", places)
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
    for image, whole, row, column in zip(found, padded, *places.tolist(), strict=True):
        assert torch.equal(image, whole[:, row : row + 4, column : column + 5])


@pytest.mark.parametrize("kind", [RandomCrop(crops=3), ResizedCrop(crops=3)], ids=str)
def test_several_crops_stand_in_a_row_with_their_targets(kind):
    x, y = images(8, 8), torch.tensor([4, 5, 6])
    changed, targets = kind.apply(x, y, generator())
    assert changed.shape == (9, 2, 8, 8)
    assert targets.tolist() == [4, 4, 4, 5, 5, 5, 6, 6, 6]
    assert not torch.equal(changed[0], changed[1])


def test_a_part_of_the_image_fills_it():
    x = images(8, 8, samples=1)
    found = enlarged(x, each(0.5), each(0.5), each(-0.25), each(0.25))
    corner = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")[..., 8:, :8]
    same(found, corner)


def test_resized_crop_shows_no_less_than_its_area():
    ramp = torch.linspace(0, 1, 32).expand(400, 1, 32, 32)
    changed, _ = ResizedCrop(area=0.25, ratio=(1.0, 1.0)).apply(ramp, torch.zeros(400), generator())
    shown = changed[:, 0, 0, -1] - changed[:, 0, 0, 0]
    assert 0.45 < float(shown.min()) < 0.55
    assert float(shown.max()) > 0.95


def test_crops_that_change_nothing_are_off():
    assert RandomCrop(pad=0).off
    assert ResizedCrop(area=1.0, ratio=(1.0, 1.0)).off
    assert not RandomCrop(pad=0, crops=2).off
    assert not ResizedCrop(area=1.0, ratio=(1.0, 1.0), crops=2).off


def test_a_border_wider_than_the_image_cannot_be_mirrored():
    kind = RandomCrop(pad=4, outside="reflection")
    kind.check((1, 5, 9), "augmentation.0")
    with pytest.raises(CompileError, match="4 pixels cannot be mirrored at the edge of 4x9"):
        kind.check((1, 4, 9), "augmentation.0")
