"""Every kind of pixels, against values computed from the arrays that the files were made of."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from trickrun.data.formats.pixels import FULL, Look, Picture, decoded
from trickrun.errors import DataError

Array = np.ndarray[Any, Any]

SIZE = 6
GREY16: Array = np.linspace(0, 65535, SIZE * SIZE).round().astype(np.uint16).reshape(SIZE, SIZE)
DRAW = np.random.default_rng(0)
RGB: Array = DRAW.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
ALPHA: Array = DRAW.integers(0, 256, (SIZE, SIZE, 1), dtype=np.uint8)


def read(path: Path, channels: int = 3, **options: Any) -> Picture:
    """Return an image of SIZE by SIZE, which needs no scaling."""
    return decoded(path, channels, SIZE, **options)


def saved(path: Path, pixels: Array | Image.Image, **options: Any) -> Path:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


def last(pixels: Array) -> Array:
    """Return [channels, H, W] as [H, W, channels]."""
    return pixels.transpose(1, 2, 0)


def eight(values: Array, black: float = 0, white: float = FULL) -> Array:
    """Return what values are in 8 bits: 0 at black, 255 at white, rounded."""
    share = (values.astype(np.float64) - black) / (white - black)
    return np.rint(np.clip(share, 0, 1) * 255)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff", "a.pgm", "big-endian.tif"])
def test_16_bits_are_scaled_by_their_range(tmp_path, name, channels):
    order = ">u2" if "endian" in name else np.uint16
    path = saved(tmp_path / name, GREY16.astype(order))
    found = read(path, channels)
    assert found.pixels.shape == (channels, SIZE, SIZE)
    assert found.pixels.dtype == np.uint8
    assert (found.pixels == eight(GREY16)).all()
    assert found.look == Look(values=(0.0, FULL), assumed=True)


def test_16_bits_are_scaled_before_they_are_rounded(tmp_path):
    """Two by two pixels become their mean: 100.5 of 255, not the mean of two rounded numbers."""
    pixels = np.array([[25829, 25829], [25829, 25833]], np.uint16)
    path = saved(tmp_path / "a.png", pixels.repeat(SIZE // 2, 0).repeat(SIZE // 2, 1))
    assert decoded(path, 1, 1).pixels.item() == round(float(pixels.mean()) / 257)


def test_a_range_of_the_images_own(tmp_path):
    """A camera's 12 bits in 16: 0 to 4095 become 0 to 255, and what is above is white."""
    values = np.minimum(GREY16 // 16, 4095).astype(np.uint16)
    values[0, 0] = 5000
    found = read(saved(tmp_path / "a.tif", values), 1, span=(0, 4095))
    assert (found.pixels[0] == eight(values, 0, 4095)).all()
    assert found.pixels[0, 0, 0] == 255
    assert not found.look.assumed


def test_a_range_that_is_turned_around(tmp_path):
    found = read(saved(tmp_path / "a.tif", GREY16), 1, span=(65535, 0))
    assert (found.pixels[0] == eight(65535 - GREY16.astype(int))).all()


@pytest.mark.parametrize("type", [np.float32, np.int32])
def test_floats_and_32_bits_have_no_range_but_a_given_one(tmp_path, type):
    values = (GREY16 / 100 - 300).astype(type)
    path = saved(tmp_path / "ct.tif", values)
    with pytest.raises(DataError, match="its values run from -300 to 355") as caught:
        read(path, 1)
    assert caught.value.where == str(path)
    assert "data.range" in caught.value.hint
    found = read(path, 1, span=(-300, 300))
    assert (found.pixels[0] == eight(values, -300, 300)).all()


def test_floats_that_are_no_numbers(tmp_path):
    values = np.ones((SIZE, SIZE), np.float32)
    values[1, 2], values[3, 3] = np.nan, np.inf
    path = saved(tmp_path / "a.tif", values)
    with pytest.raises(DataError, match="2 of its 36 values are NaN or infinite"):
        read(path, 1, span=(0, 1))


def test_a_tiff_in_which_0_is_white(tmp_path):
    path = saved(tmp_path / "a.tif", GREY16, tiffinfo={262: 0})
    content = path.read_bytes()
    with Image.open(path) as file:
        photometric = file.tag_v2[262]
    if photometric == 1:  # Pillow writes its own: put in ours
        entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
        assert content.count(entry) == 1
        path.write_bytes(content.replace(entry, struct.pack("<HHIHH", 262, 3, 1, 0, 0)))
    assert (read(path, 1).pixels[0] == eight(65535 - GREY16.astype(int))).all()


def png(path: Path, pixels: Array, color_type: int, bits: int = 16) -> Path:
    """Write a PNG as its specification says; Pillow writes none of 16 bits a color."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def test_16_bits_a_color(tmp_path):
    """Pillow gives the upper 8 bits, within one step of the scaled value."""
    colors = np.stack([GREY16, GREY16[::-1], GREY16.T], -1)
    path = png(tmp_path / "a.png", colors, 2)
    found = read(path)
    assert np.abs(last(found.pixels).astype(int) - eight(colors)).max() <= 1
    assert (last(found.pixels) == colors >> 8).all()
    assert found.look == Look(upper=True)
    with pytest.raises(DataError, match="of which only the upper 8 are read"):
        read(path, span=(0, 4095))


def over_white(colors: Array, alpha: Array) -> Array:
    """Return colors [H, W, 3] of an opacity [H, W, 1], both 0 to 255, on white."""
    share = alpha.astype(np.float64) / 255
    return colors * share + 255 * (1 - share)


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_transparency_is_laid_on_white(tmp_path, suffix):
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    path = saved(tmp_path / f"a.{suffix}", np.concatenate([RGB, ALPHA], -1), **options)
    found = read(path)
    assert np.abs(last(found.pixels) - over_white(RGB, ALPHA)).max() <= 1
    assert found.look == Look(transparent=True)


def test_what_is_quite_transparent_does_not_show_its_color(tmp_path):
    """Drawing programs leave any color, mostly black, below what they cut out."""
    pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
    pixels[2, 2] = (10, 20, 30, 255)
    found = read(saved(tmp_path / "a.png", pixels)).pixels
    assert found[:, 2, 2].tolist() == [10, 20, 30]
    assert (np.delete(found.reshape(3, -1), 2 * SIZE + 2, 1) == 255).all()


def test_an_opaque_alpha_channel_changes_nothing(tmp_path):
    full = np.full_like(ALPHA, 255)
    found = read(saved(tmp_path / "a.png", np.concatenate([RGB, full], -1)))
    assert (last(found.pixels) == RGB).all()
    assert found.look == Look()


def test_grey_with_transparency(tmp_path):
    pixels = np.concatenate([RGB[..., :1], ALPHA], -1)
    found = read(saved(tmp_path / "a.png", pixels), 1)
    assert np.abs(last(found.pixels) - over_white(RGB[..., :1], ALPHA)).max() <= 1
    assert found.look.transparent


def palette_image(transparent: int | None = None) -> tuple[Image.Image, Array]:
    """Return an image with a palette, and its colors [H, W, 3]."""
    numbers = DRAW.integers(0, 4, (SIZE, SIZE), dtype=np.uint8)
    colors = np.array([[255, 0, 0], [0, 128, 0], [10, 20, 200], [250, 240, 5]], np.uint8)
    image = Image.new("P", (SIZE, SIZE))
    image.putdata(numbers.ravel().tolist())
    image.putpalette(colors.ravel().tolist())
    shown = colors[numbers]
    if transparent is not None:
        shown[numbers == transparent] = 255
    return image, shown


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tif"])
def test_a_palette_becomes_its_colors(tmp_path, suffix):
    image, colors = palette_image()
    found = read(saved(tmp_path / f"a.{suffix}", image))
    assert (last(found.pixels) == colors).all()
    assert found.look == Look()


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_palette_with_a_transparent_color(tmp_path, suffix):
    image, colors = palette_image(transparent=2)
    found = read(saved(tmp_path / f"a.{suffix}", image, transparency=2))
    assert (last(found.pixels) == colors).all()
    assert found.look.transparent


def test_a_palette_with_an_opacity_for_each_color(tmp_path):
    image, colors = palette_image()
    path = saved(tmp_path / "a.png", image, transparency=bytes([255, 128, 0, 64]))
    numbers = np.asarray(image)
    alpha = np.array([255, 128, 0, 64])[numbers][..., None]
    assert np.abs(last(read(path).pixels) - over_white(colors, alpha)).max() <= 1


def test_cmyk(tmp_path):
    """Without a profile: red is what neither cyan nor black takes away."""
    inks = DRAW.integers(0, 256, (SIZE, SIZE, 4), dtype=np.uint8)
    path = saved(tmp_path / "a.tif", Image.fromarray(inks, "CMYK"))
    wanted = (255.0 - inks[..., :3]) * (255 - inks[..., 3:]) / 255
    assert np.abs(last(read(path).pixels) - wanted).max() <= 1


def test_a_jpeg_in_cmyk(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (SIZE, SIZE), (10, 200, 30, 40)).save(path, quality=100)
    wanted = np.array([(255 - ink) * (255 - 40) / 255 for ink in (10, 200, 30)])
    assert np.abs(read(path).pixels[:, 2, 2] - wanted).max() <= 2
    grey = wanted @ [0.299, 0.587, 0.114]
    assert abs(float(read(path, 1).pixels[0, 2, 2]) - grey) <= 2


def test_black_and_white_bits(tmp_path):
    bits = DRAW.integers(0, 2, (SIZE, SIZE)).astype(bool)
    found = read(saved(tmp_path / "a.png", Image.fromarray(bits)), 1)
    assert (found.pixels[0] == bits * 255).all()


UPRIGHT = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""How EXIF says that a photo is to be shown, for each orientation."""


@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_each_exif_orientation(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    found = read(saved(tmp_path / f"a.{suffix}", RGB, exif=exif, **options))
    assert (last(found.pixels) == UPRIGHT[orientation](RGB)).all()


@pytest.mark.parametrize("orientation", [3, 6])
def test_16_bits_are_turned_too(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read(saved(tmp_path / "a.png", GREY16, exif=exif), 1)
    assert (found.pixels[0] == eight(UPRIGHT[orientation](GREY16))).all()


def test_damaged_exif_data_do_not_make_a_photo_unreadable(tmp_path):
    path = saved(tmp_path / "a.jpg", RGB, quality=95, exif=b"Exif\0\0" + b"XX broken")
    with Image.open(path) as file:
        wanted = np.asarray(file.convert("RGB"))
    assert (last(read(path).pixels) == wanted).all()


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_the_first_frame_of_several(tmp_path, suffix):
    frames = [Image.new("RGB", (SIZE, SIZE), color) for color in ("red", "blue", "lime")]
    options = {"lossless": True} if suffix == "webp" else {}
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    found = read(path)
    assert (last(found.pixels) == [255, 0, 0]).all()
    assert found.look == Look(frames=True)


def test_lab_colors(tmp_path):
    """Pure red is L* 53.2, a* 80.1, b* 67.2."""
    stored = (round(53.2 * 2.55), 128 + 80, 128 + 67)
    found = read(saved(tmp_path / "a.tif", Image.new("LAB", (SIZE, SIZE), stored)))
    assert np.abs(found.pixels[:, 0, 0].astype(int) - [255, 0, 0]).max() <= 12


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\n<!DOCTYPE html><html>not found</html>", "it is a web page"),
        (b"hello", "it begins with b'hello'"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is a HEIC photo"),
    ],
)
def test_what_is_no_image_is_said(tmp_path, content, told):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match="this image cannot be read") as caught:
        read(path)
    assert told in caught.value.message
    assert caught.value.where == str(path)
    assert "data.broken: skip" in caught.value.hint


def test_colors_of_floats_are_refused(tmp_path):
    """As satellites' images are: Pillow knows floats in grey alone."""
    pixels = (RGB / 255).astype("<f4").tobytes()
    after = 8 + 2 + 10 * 12 + 4
    tags = [
        (256, 3, 1, SIZE),
        (257, 3, 1, SIZE),
        (258, 3, 3, after),  # bits of each color
        (259, 3, 1, 1),  # not compressed
        (262, 3, 1, 2),  # RGB
        (273, 4, 1, after + 12),
        (277, 3, 1, 3),
        (278, 3, 1, SIZE),
        (279, 4, 1, len(pixels)),
        (339, 3, 3, after + 6),  # floats
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<4sIH", b"II*\0", 8, len(tags)) + entries + struct.pack("<I", 0)
    path = tmp_path / "scene.tif"
    path.write_bytes(head + struct.pack("<6H", 32, 32, 32, 3, 3, 3) + pixels)
    with pytest.raises(DataError, match="it is a TIFF with a layout that Pillow does not know"):
        read(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tif", "bmp"])
def test_a_file_that_is_cut_off(tmp_path, suffix):
    noise = DRAW.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / f"a.{suffix}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="this image cannot be read"):
        read(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="this image cannot be read: No such file"):
        read(tmp_path / "a.png")


@given(
    pixels=arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    ends=st.tuples(st.integers(0, 65535), st.integers(0, 65535)).filter(lambda e: e[0] != e[1]),
)
def test_any_16_bits_in_any_range(tmp_path_factory, pixels, ends):
    path = saved(tmp_path_factory.mktemp("any") / "a.png", pixels)
    side = min(pixels.shape)
    found = decoded(path, 1, side, ends).pixels[0]
    assert found.shape == (side, side)
    low, high = sorted(eight(value, *ends) for value in (pixels.min(), pixels.max()))
    assert low <= found.min()
    assert found.max() <= high
    if pixels.shape == (side, side):
        assert (found == eight(pixels, *ends)).all()


def test_a_pipe_is_no_image(tmp_path: Path) -> None:
    """Nobody writes into it, so that to open it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.png")
    program = (
        "import sys; from pathlib import Path; from trickrun.data.formats.pixels import decoded\n"
        "decoded(Path(sys.argv[1]), 1, 8)"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "pipe.png")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert "DataError: " in done.stderr
    assert "this is a pipe or a device, not a file" in done.stderr
