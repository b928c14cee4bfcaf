"""Augmentations against what they say: their bounds, their odds, and draws from one generator."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.errors import CompileError
from trickrun.tricks.augmentation.flip import Flip
from trickrun.tricks.augmentation.noise import Noise
from trickrun.tricks.augmentation.python import PythonAugmentation
from trickrun.tricks.augmentation.shift import Shift

SHAPES = [(5, 1, 7, 9), (5, 3, 8, 8)]
KINDS = [Flip(), Flip(axis="vertical"), Shift(pixels=2), Noise(std=0.1)]


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(shape, dtype=torch.float32):
    """Return images in which no two pixels are equal and none is zero, and their labels."""
    x = torch.arange(1, 1 + torch.Size(shape).numel(), dtype=dtype).reshape(shape)
    return x, torch.arange(shape[0])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_keeps_the_form_of_the_batch_and_repeats_with_the_seed(kind, shape, dtype):
    x, y = batch(shape, dtype)
    before = x.clone()
    changed, targets = kind.apply(x, y, drawn())
    assert (changed.shape, changed.dtype) == (x.shape, x.dtype)
    assert torch.equal(targets, y)
    assert torch.equal(x, before)
    assert torch.equal(changed, kind.apply(x, y, drawn())[0])
    assert not torch.equal(changed, kind.apply(x, y, drawn(1))[0])


@pytest.mark.parametrize("kind", [Flip(p=0.0), Shift(pixels=0), Noise(std=0.0)], ids=str)
def test_strength_zero_is_off_and_changes_nothing(kind):
    x, y = batch(SHAPES[1])
    assert kind.off
    assert torch.equal(kind.apply(x, y, drawn())[0], x)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_strength_above_zero_is_on(kind):
    assert not kind.off


@pytest.mark.parametrize(("axis", "dim"), [("horizontal", 3), ("vertical", 2)])
def test_flip_mirrors_whole_images_or_leaves_them(axis, dim):
    x, y = batch((64, 3, 4, 6))
    changed, _ = Flip(axis=axis).apply(x, y, drawn())
    mirrored = [torch.equal(changed[i], x[i].flip(dim - 1)) for i in range(64)]
    untouched = [torch.equal(changed[i], x[i]) for i in range(64)]
    assert all(a != b for a, b in zip(mirrored, untouched, strict=True))
    assert 0 < sum(mirrored) < 64


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9, 1.0])
def test_flip_mirrors_a_share_of_p(p):
    x = torch.tensor([0.0, 1.0]).expand(10_000, 1, 1, 2)
    changed, _ = Flip(p=p).apply(x, torch.zeros(10_000), drawn())
    share = float(changed[:, 0, 0, 0].mean())
    # Five standard deviations of a share of 10000 draws.
    assert abs(share - p) <= 5 * (p * (1 - p) / 10_000) ** 0.5


def moved(image, dy, dx):
    """Return an image [C, H, W] moved down by dy and right by dx, one pixel after another."""
    out = torch.zeros_like(image)
    _, height, width = image.shape
    for i in range(height):
        for j in range(width):
            if 0 <= i - dy < height and 0 <= j - dx < width:
                out[:, i, j] = image[:, i - dy, j - dx]
    return out


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shift_moves_all_channels_together_within_its_bound(shape):
    x, y = batch(shape)
    changed, _ = Shift(pixels=2).apply(x, y, drawn())
    span = range(-2, 3)
    for before, after in zip(x, changed, strict=True):
        assert any(torch.equal(after, moved(before, dy, dx)) for dy in span for dx in span)


def test_shift_draws_every_offset_equally_often():
    x = torch.zeros(25_000, 1, 5, 5)
    x[:, 0, 2, 2] = 1.0
    changed, _ = Shift(pixels=2).apply(x, torch.zeros(25_000), drawn())
    # The lit pixel starts in the middle, so each of the 25 offsets lands somewhere else.
    counts = changed.sum(dim=(0, 1))
    assert float((counts - 1000).abs().max()) <= 5 * (1000 * 24 / 25) ** 0.5


def test_shift_may_be_wider_than_the_image():
    x, y = batch((200, 1, 2, 2))
    changed, _ = Shift(pixels=3).apply(x, y, drawn())
    assert set(changed.unique().tolist()) <= {0.0, *x.unique().tolist()}
    assert any(not image.any() for image in changed)


@given(std=st.floats(0.01, 10.0))
def test_noise_has_its_deviation_and_no_mean(std):
    x = torch.full((20_000,), 3.0)
    noise = Noise(std=std).apply(x, x, drawn())[0] - 3.0
    assert float(noise.std()) == pytest.approx(std, rel=0.03)
    assert abs(float(noise.mean())) <= 5 * std / 20_000**0.5


def test_noise_works_on_tables_after_normalization():
    kind = Noise()
    assert (kind.stage, kind.needs_image) == ("normalized", False)
    assert kind.apply(torch.zeros(4, 3), torch.zeros(4), drawn())[0].shape == (4, 3)


@pytest.fixture
def user_code(tmp_path):
    (tmp_path / "my_augmentations.py").write_text(
        "import torch\n"
        "def scale(x, y, generator, by):\n"
        "    draws = torch.rand(len(x), 1, 1, 1, generator=generator)\n"
        "    return x * (1 + by * draws.double()), y\n"
        "def none(x, y, generator): pass\n"
        "def cut(x, y, generator): return x[1:], y\n"
        "def broken(x, y, generator): return x / 0, y.nothing\n"
    )
    return tmp_path


def test_python_gets_the_batch_and_the_generator(user_code):
    kind = PythonAugmentation(target="my_augmentations:scale", args={"by": 0.5})
    x, y = batch(SHAPES[0])
    changed, targets = kind.build(user_code)(x, y, drawn())
    draws = torch.rand(5, 1, 1, 1, generator=drawn())
    # What user code makes float64 goes back to the batch's type.
    assert changed.dtype == torch.float32
    torch.testing.assert_close(changed, x * (1 + 0.5 * draws))
    assert targets is y


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "returned NoneType"),
        ("cut", r"returned shapes \[4, 1, 7, 9\] and \[5\]"),
        ("broken", "no attribute 'nothing'"),
    ],
)
def test_python_that_fails_is_blamed(user_code, name, message):
    augment = PythonAugmentation(target=f"my_augmentations:{name}").build(user_code)
    with pytest.raises(CompileError, match=message):
        augment(*batch(SHAPES[0]), drawn())


def test_python_acts_where_the_recipe_says():
    stages = {
        PythonAugmentation.model_validate({"target": "a:b", **given}).stage
        for given in ({}, {"stage": "raw"})
    }
    assert stages == {"raw"}
    normalized = PythonAugmentation.model_validate({"target": "a:b", "stage": "normalized"})
    assert normalized.stage == "normalized"
