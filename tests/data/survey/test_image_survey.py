"""A look at a folder of images: what it finds, on images drawn here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trickrun.data.survey.facts import ImageFacts
from trickrun.data.survey.look import facts_at
from trickrun.errors import DataError


def draw(path: Path, height: int, width: int, colors: bool = True, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels if colors else pixels[..., 0]).save(path)


def look(folder: Path) -> ImageFacts:
    found = facts_at(folder, "images", {})
    assert isinstance(found, ImageFacts)
    return found


def test_small_grey_images(tmp_path: Path) -> None:
    for number in range(6):
        draw(tmp_path / "ab"[number % 2] / f"{number}.png", 8, 10, colors=False)
    draw(tmp_path / "b" / "9.png", 8, 10, colors=False)
    found = look(tmp_path)
    assert found.classes == (("b", 4), ("a", 3))
    assert found.parts == (("train", 7),)
    assert (found.pictures.width, found.pictures.height, found.pictures.same_size) == (10, 8, True)
    assert found.pictures.grey
    assert not found.pictures.photos


def test_grey_that_is_stored_in_colors_is_grey(tmp_path: Path) -> None:
    for label in "ab":
        grey = np.full((8, 8, 1), 77, np.uint8).repeat(3, 2)
        (tmp_path / label).mkdir()
        Image.fromarray(grey).save(tmp_path / label / "1.png")
    assert look(tmp_path).pictures.grey
    draw(tmp_path / "a" / "2.png", 8, 8)
    assert not look(tmp_path).pictures.grey


def test_photos_of_several_sizes(tmp_path: Path) -> None:
    for number in range(6):
        draw(tmp_path / "ab"[number % 2] / f"{number}.jpg", 100, 120 + number)
    found = look(tmp_path)
    assert found.pictures.photos
    assert not found.pictures.same_size
    assert (found.pictures.width, found.pictures.height) == (122, 100)


def test_a_split_of_its_own(tmp_path: Path) -> None:
    for part, count in (("train", 4), ("val", 2), ("test", 1)):
        for label in "ab":
            for number in range(count):
                draw(tmp_path / part / label / f"{number}.png", 8, 8)
    found = look(tmp_path)
    assert found.parts == (("train", 8), ("val", 4), ("test", 2))
    assert found.classes == (("a", 4), ("b", 4))


def test_broken_files_are_named(tmp_path: Path) -> None:
    draw(tmp_path / "a" / "1.png", 8, 8)
    draw(tmp_path / "b" / "1.png", 8, 8)
    (tmp_path / "b" / "2.png").write_bytes(b"")
    (line,) = look(tmp_path).pictures.broken
    assert line == f"{tmp_path / 'b' / '2.png'}: the file is empty"


def test_values_whose_range_nothing_tells(tmp_path: Path) -> None:
    for place, label in enumerate("ab"):
        (tmp_path / label).mkdir()
        values = np.linspace(-5, 40 + place, 64, dtype=np.float32).reshape(8, 8)
        Image.fromarray(values).save(tmp_path / label / "1.tif")
    assert look(tmp_path).pictures.deep == (-5.0, 41.0)


def test_classes_one_folder_deeper(tmp_path: Path) -> None:
    for label in "ab":
        draw(tmp_path / "all" / label / "1.png", 8, 8)
    found = look(tmp_path)
    assert [label for label, _ in found.classes] == ["a", "b"]
    assert found.class_folder is not None
    assert found.class_folder[0] == "last"


def test_one_class_and_no_image_are_refused(tmp_path: Path) -> None:
    draw(tmp_path / "one" / "a" / "1.png", 8, 8)
    with pytest.raises(DataError, match="all images are of one class, 'a'"):
        look(tmp_path / "one")
    for label in "ab":
        (tmp_path / "bad" / label).mkdir(parents=True)
        (tmp_path / "bad" / label / "1.png").write_bytes(b"no")
    with pytest.raises(DataError, match="no image can be read"):
        look(tmp_path / "bad")
