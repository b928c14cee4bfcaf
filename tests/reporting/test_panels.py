"""Panels as text: one below the other, or side by side."""

from __future__ import annotations

from trickrun.reporting.panels import Line, Panel
from trickrun.reporting.terminal_plot import in_terminal


def panel(title: str) -> Panel:
    faint = Line("", [1, 2], [50, 80], faint=True)
    return Panel(title, "epoch", "loss", [faint, Line("a line", [1, 2], [0, 1])])


def test_a_narrow_terminal_has_one_panel_below_the_other() -> None:
    text = in_terminal([panel("first"), panel("second")], 60, height=4)
    lines = text.splitlines()
    assert lines[0].strip() == "first"
    assert "second" in [line.strip() for line in lines]
    assert max(map(len, lines)) <= 60


def test_a_wide_terminal_has_two_side_by_side() -> None:
    text = in_terminal([panel("first"), panel("second"), panel("third")], 120, height=4)
    first = text.splitlines()[0]
    assert first.split() == ["first", "second"]
    assert max(map(len, text.splitlines())) <= 120


def test_faint_lines_are_left_out_unless_there_is_nothing_else() -> None:
    assert "80" not in in_terminal([panel("one")], 60, height=4)
    only = Panel("one", "epoch", "loss", [Line("", [1, 2], [50, 80], faint=True)])
    assert "80" in in_terminal([only], 60, height=4)
