"""Line plots as SVG: what is in the file, and that drawing leaves matplotlib as it was."""

import math
import re
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from trickrun.reporting.panels import Line, Marker, Panel
from trickrun.reporting.svg import RoundValues, draw, tick_label

X = [1e-3, 1e-2, 1e-1, 1.0]
PANEL = Panel(
    "Loss over lr",
    "learning rate",
    "loss",
    [
        Line("raw", X, [2.0, 1.0, 3.0, 9.0], faint=True),
        Line("smoothed", X, [2.0, 1.5, 1.2, 5.0], [1.9, 1.4, 1.1, 4.0], [2.1, 1.6, 1.3, 6.0]),
    ],
    [Marker("suggestion", 0.03, 0.02, 0.05, main=True), Marker("", 0.5)],
    log_x=True,
    top=4.0,
)


def texts(picture):
    return [element.text for element in ET.fromstring(picture).iter() if element.text]


def group(picture, prefix):
    return [e for e in ET.fromstring(picture).iter() if e.get("id", "").startswith(prefix)]


def test_text_stays_text():
    shown = texts(draw([PANEL]))
    for text in ("Loss over lr", "learning rate", "loss", "raw", "smoothed", "suggestion"):
        assert text in shown


def test_a_logarithmic_axis_has_powers_of_ten():
    linear = Panel("", "", "", PANEL.lines)
    assert "0.2" in texts(draw([linear]))
    assert "0.2" not in texts(draw([PANEL]))


def test_bands_are_filled_areas():
    without = Panel("", "", "", [Line("smoothed", X, [2.0, 1.5, 1.2, 5.0])])
    assert not group(draw([without]), "FillBetween")
    assert len(group(draw([PANEL]), "FillBetween")) == 1


def test_panels_share_one_document():
    assert len(group(draw([PANEL] * 3, columns=2), "axes_")) == 3


def test_the_same_panels_give_the_same_file():
    assert draw([PANEL]) == draw([PANEL])


def test_a_name_with_xml_and_math_signs_is_shown_as_it_is():
    named = Panel("a < b & $c$", "x", "y", [Line("5 $ < 6 $", X, X)])
    shown = texts(draw([named]))
    assert "a < b & $c$" in shown
    assert "5 $ < 6 $" in shown


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308, 0.0, -1.0])
def test_what_cannot_be_drawn_is_a_gap(bad):
    values = [1.0, bad, 2.0, 3.0]
    lines = [Line("loss", X, values, values, values)]
    picture = draw([Panel("", "x", "y", lines, log_x=True, log_y=True)])
    assert "NaN" not in picture
    assert "loss" in texts(picture)


def test_an_empty_line_draws_empty_axes():
    assert "x" in texts(draw([Panel("", "x", "y", [Line("", [], [])])]))


def test_drawing_leaves_no_state():
    before = mpl.rcParams.copy()
    draw([PANEL])
    assert mpl.rcParams.copy() == before
    assert "matplotlib.pyplot" not in sys.modules


def test_names_in_any_script_and_of_any_length_are_no_warning() -> None:
    names = ["値", "\U0010ffff", "a" * 400]
    lines = [Line(name, [1, 2], [1, 3]) for name in names]
    assert "値" in draw([Panel(names[0], "x", "y", lines)])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 1.4, ["1", "1.1", "1.2", "1.3", "1.4"]),
        (0.02, 0.9, ["0.02", "0.05", "0.1", "0.2", "0.5"]),
        (1e-7, 1.0, ["1e-6", "0.0001", "0.01", "1"]),
        (1e-12, 1e8, ["1e-12", "1e-8", "0.0001", "1", "1e4", "1e8"]),
        (0.0, 1.0, []),
    ],
)
def test_the_labels_of_a_logarithmic_axis_are_few_plain_numbers(low, high, expected):
    assert [tick_label(tick) for tick in RoundValues().tick_values(low, high)] == expected


def test_a_logarithmic_axis_has_no_other_labels():
    """Those of matplotlib's own small ticks overlap: 2×10⁻² 3×10⁻²."""
    lines = [Line("", [0.02, 0.9], [0.02, 0.9])]
    shown = texts(draw([Panel("title", "x axis", "y axis", lines, log_x=True, log_y=True)]))
    numbers = [text for text in shown if re.fullmatch(r"[\d.]+", text)]
    assert numbers
    assert set(numbers) <= {"0.02", "0.05", "0.1", "0.2", "0.5", "1"}


def test_a_legend_covers_no_line():
    """It stands below the axes, for which the picture gets higher."""

    def height(names):
        lines = [Line(name, [1, 2], [1, 2]) for name in names]
        return float(ET.fromstring(draw([Panel("t", "x", "y", lines)])).get("height", "")[:-2])

    assert height([""]) < height(["a", "b"]) < height(["a", "b", "c"])
    assert height(["a" * 30, "b"]) == height(["a", "b", "c"])
    picture = ET.fromstring(draw([Panel("t", "x", "y", [Line("a", [1, 2], [1, 2])])]))
    (legend,) = [e for e in picture.iter() if e.get("id") == "legend_1"]
    (axis,) = [e for e in picture.iter() if e.get("id") == "matplotlib.axis_1"]
    assert lowest(legend) > lowest(axis)


def lowest(part) -> float:
    """Return the largest y of a part's texts: SVG counts it from above."""
    places = [e.get("transform") or "" for e in part.iter("{http://www.w3.org/2000/svg}text")]
    found = [re.search(r"translate\([-\d.]+ ([-\d.]+)\)", place) for place in places]
    given = [float(e.get("y") or 0) for e in part.iter("{http://www.w3.org/2000/svg}text")]
    return max([*(float(one[1]) for one in found if one), *given])


def test_a_level_is_dashed_and_in_no_line_s_color():
    picture = draw([Panel("", "", "", [Line("level", [1, 2], [3, 3], level=True, color=0)])])
    assert "stroke-dasharray" in picture
    assert "#2563a8" not in picture
