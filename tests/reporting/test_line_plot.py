"""Line plots as SVG: what is in the file."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from trickrun.reporting.line_plot import (
    DRAWN,
    draw,
    even_values,
    round_values,
    tick_label,
    tick_labels,
)
from trickrun.reporting.page import shown_pictures
from trickrun.reporting.panels import Line, Marker, Panel

TEXT = "{http://www.w3.org/2000/svg}text"

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


def group(picture, name):
    return [e for e in ET.fromstring(picture).iter() if e.get("class") == name]


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
    assert not group(draw([without]), "band")
    # A line's, and a marker's.
    assert len(group(draw([PANEL]), "band")) == 2


def test_panels_share_one_document():
    assert len(group(draw([PANEL] * 3, columns=2), "axes")) == 3


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
    assert [tick_label(tick) for tick in round_values(low, high)] == expected


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
    (legend,) = [e for e in picture.iter(TEXT) if e.get("class") == "legend"]
    others = [e for e in picture.iter(TEXT) if e.get("class") != "legend"]
    assert float(legend.get("y", "")) > max(float(e.get("y", "")) for e in others)


def test_a_level_is_dashed_and_in_no_line_s_color():
    picture = draw([Panel("", "", "", [Line("level", [1, 2], [3, 3], level=True, color=0)])])
    assert "stroke-dasharray" in picture
    assert "#2563a8" not in picture


def places(picture):
    """Return the points of the one line of a picture, in points of the document."""
    (line,) = group(picture, "line")
    return [tuple(map(float, point.split())) for point in line.get("d", "")[1:].split("L")]


def tick_places(picture, which):
    """Return where the numbers along an axis stand, by what they say."""
    axis = "middle" if which == "x" else "end"
    marks = [e for e in ET.fromstring(picture).iter(TEXT) if e.get("text-anchor") == axis]
    return {
        float(e.text): float(e.get(which, ""))
        for e in marks
        if e.text and re.fullmatch(r"-?[\d.]+(e-?\d+)?", e.text)
    }


@pytest.mark.parametrize(
    ("log", "x", "y"),
    [(False, [0.0, 2.0, 5.0], [-3.0, 4.0, 1.0]), (True, [0.01, 1.0, 10.0], [1e-4, 1.0, 0.01])],
)
def test_a_point_stands_where_the_ticks_say(log, x, y):
    """Read off the picture by its own labels, a line has the values that it was drawn of."""
    picture = draw([Panel("t", "x", "y", [Line("", x, y)], log_x=log, log_y=log)])
    scale = math.log10 if log else float
    for which, values, place in (("x", x, 0), ("y", y, 1)):
        ticks = tick_places(picture, which)
        (one, at), *_, (other, end) = sorted(ticks.items())
        # The numbers along the y axis stand three points below their tick.
        lower = 0 if which == "x" else 3
        for value, point in zip(values, places(picture), strict=True):
            share = (scale(value) - scale(one)) / (scale(other) - scale(one))
            assert point[place] == pytest.approx(at - lower + share * (end - at), abs=0.2)


def test_of_very_many_points_no_extreme_is_lost():
    count = 50 * DRAWN
    y = [1.0] * count
    y[12345] = 9.0
    drawn = places(draw([Panel("t", "x", "y", [Line("", range(count), y)])]))
    assert len(drawn) <= 4 * DRAWN
    assert min(point[1] for point in drawn) < max(point[1] for point in drawn) - 50


def test_what_is_nowhere_below_0_has_no_axis_below_0():
    def lowest(y):
        labels = tick_places(draw([Panel("", "x", "y", [Line("", [1, 2], y)])]), "y")
        return min(labels)

    assert lowest([0.0, 1.0]) == 0
    assert lowest([-1.0, 1.0]) < 0


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.0, 0.5, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (0.0, 1.4, ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"]),
        (-1.0, 1.0, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0.0, 5e6, ["0", "1e6", "2e6", "3e6", "4e6", "5e6"]),
        (1.0, 1.0, []),
    ],
)
def test_the_labels_of_an_even_axis_are_round_and_alike(low, high, labels):
    assert tick_labels(even_values(low, high, 6), log=False) == labels


def test_a_character_that_xml_has_not_does_not_break_the_picture():
    assert "a\ufffdb" in texts(draw([Panel("a\uffffb", "x", "y", [])]))


def test_a_picture_says_what_it_shows():
    """For those who do not see it."""
    (shown,) = shown_pictures({"curves-1.svg": draw([Panel("Loss <&>", "x", "y", [])])})
    assert shown.name == "Loss <&>"
    (untitled,) = shown_pictures({"lr_find.svg": "<svg></svg>"})
    assert untitled.name == "lr find"
