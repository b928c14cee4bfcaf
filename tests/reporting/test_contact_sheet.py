"""The contact sheet as a file."""

import pytest
import torch

from trickrun.errors import CannotWrite
from trickrun.reporting.contact_sheet import drawn, pixels, write_sheet
from trickrun.training.introspection.augmented import Column


def column(name, channels=1):
    return Column(name, torch.rand(2, channels, 3, 4))


def test_svg_names_every_column():
    text = drawn([column("as it is"), column("noise\nstd: $5")], "svg").decode()
    for word in ("as it is", "noise", "std: $5"):
        assert word in text
    assert text.count("<image") == 4


def test_classes_are_named():
    named = Column("as it is", torch.rand(2, 1, 3, 4), ("T-shirt", "a" * 30))
    text = drawn([named, column("flip")], "svg").decode()
    assert ">T-shirt<" in text
    assert f">{'a' * 19}…<" in text


def test_png_is_a_picture(tmp_path):
    path = tmp_path / "sheet.png"
    write_sheet([column("as it is", channels=3), column("flip", channels=3)], path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_another_format_is_refused(tmp_path):
    with pytest.raises(CannotWrite, match=r"written as \.png or \.svg"):
        write_sheet([column("flip")], tmp_path / "sheet.gif")
    assert list(tmp_path.iterdir()) == []


def test_pixels_run_from_black_to_white_and_are_cut_off_there():
    image = torch.tensor([[[0.0, 5.0, 10.0, 20.0, -7.0, float("nan")]]])
    assert pixels(image, 0.0, 10.0) == [[0.0, 0.5, 1.0, 1.0, 0.0, 0.0]]


def test_three_channels_are_colors_and_others_are_averaged():
    color = torch.tensor([1.0, 0.0, 0.5]).reshape(3, 1, 1)
    assert pixels(color, 0.0, 1.0) == [[[1.0, 0.0, 0.5]]]
    assert pixels(torch.tensor([0.2, 0.6]).reshape(2, 1, 1), 0.0, 1.0) == [[pytest.approx(0.4)]]
