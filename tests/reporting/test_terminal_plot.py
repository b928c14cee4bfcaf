from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trickrun.reporting.terminal_plot import Series, plot


def area(text: str) -> list[str]:
    """The drawing area's lines of a plot, the highest first, without labels and axis."""
    lines = [line for line in text.splitlines() if "┤" in line or "│" in line]
    return [line[min(i for i in map(line.find, "┤│") if i >= 0) + 1 :] for line in lines]


def test_whole_plot() -> None:
    line = Series("loss", [1, 2, 3], [0, 2, 1])
    assert plot([line], "a title", "epoch", "loss", width=24, height=5) == "\n".join(
        [
            "        a title",
            "loss",
            "2 ┤        ╭───╮",
            "  │      ╭─╯   ╰────╮",
            "1 ┤   ╭──╯          ╰───",
            "  │ ╭─╯",
            "0 ┤─╯",
            "  └┬─────────┬─────────┬",
            "   1         2         3",
            "          epoch",
            "── loss",
        ]
    )


def test_series_have_their_own_lines_and_the_later_is_on_top() -> None:
    x = [0, 1]
    text = plot(
        [Series("a", x, [1, 1]), Series("b", x, [2, 2]), Series("c", x, [1, 1])], "", "", ""
    )
    top, *_, bottom = area(text)
    assert set(top) == {"━"}
    assert set(bottom) == {"═"}
    assert text.splitlines()[-1] == "── a   ━━ b   ══ c"


def test_log_axes_turn_a_power_law_into_a_straight_line() -> None:
    x = [10 ** (i / 20) for i in range(81)]
    power = Series("x^-2", x, [value**-2 for value in x])
    text = plot([power], "", "", "", log_x=True, log_y=True, width=60, height=9)
    steps = [next(i for i, c in enumerate(line) if c != " ") for line in area(text)]
    gaps = [b - a for a, b in pairwise(steps)][1:-1]  # the ends have half a row
    assert max(gaps) - min(gaps) <= 1
    assert "1e+04" in text
    assert "1e-08" in text


def test_points_of_one_column_are_averaged() -> None:
    x = [i / 1000 for i in range(1000)]
    noisy = Series("noise", x, [(-1.0) ** i for i in range(1000)])
    flat = Series("end", [0, 1], [-1, -1])
    middle = area(plot([noisy, flat], "", "", "", height=11))[5]
    assert middle.count("─") > 40


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308])
def test_points_that_cannot_be_drawn_are_counted(bad: float) -> None:
    text = plot([Series("loss", [1, 2, 3], [1, 2, bad])], "", "", "")
    assert text.endswith("── loss (1 of 3 points cannot be drawn)")


def test_not_positive_points_on_a_log_axis_are_counted() -> None:
    text = plot([Series("loss", [1, 2, 3], [1, 0, -1])], "", "", "", log_y=True)
    assert text.endswith("── loss (2 of 3 points cannot be drawn)")
    assert sum(line.count("•") for line in area(text)) == 1


def test_nothing_to_draw() -> None:
    assert plot([Series("loss", [1], [math.nan])], "curve", "", "") == (
        "curve: no finite values to draw"
    )


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30),
    log=st.booleans(),
    width=st.integers(20, 120),
    height=st.integers(2, 30),
)
@example(values=[5e-324], log=True, width=20, height=2)
def test_any_values_fit_the_asked_size(
    values: list[float], log: bool, width: int, height: int
) -> None:
    lines = plot(
        [Series("y", list(range(len(values))), values)], "", "x", "y", False, log, width, height
    ).splitlines()
    if len(lines) == 1:
        return
    assert len(lines) == height + 6
    assert max(map(len, lines[2:-1])) <= width
    assert any(c in "─•│" for line in area("\n".join(lines)) for c in line)
