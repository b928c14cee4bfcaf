"""Line plots in the terminal: each series has its own kind of line, so no colour is needed."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from trickrun.reporting.panels import Panel

LINES = ("─│╭╮╰╯", "━┃┏┓┗┛", "═║╔╗╚╝", "╌╎┌┐└┘")
"""A series' line: level, upright, and the four corners. Further series use them again."""

POINT = "•"
"""A series that fills one column only."""

LARGEST = 1e300
"""Beyond it the length of an axis would not be a finite number."""


@dataclass(frozen=True)
class Series:
    """One line of a plot.

    Args:
        name: shown in the legend.
        x, y: the points, of equal length, x ascending. Those with a value that is not finite (or
            not positive on a logarithmic axis) are left out, and the legend counts them.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Axis:
    """One axis: the range that it shows, in its own (perhaps logarithmic) measure.

    Args:
        low, high: the ends, after ``place``'s logarithm; low < high.
        cells: characters along the axis.
    """

    low: float
    high: float
    log: bool
    cells: int

    def cell(self, value: float) -> int:
        """Return the character, from 0, that ``value`` falls on."""
        share = (measure(value, self.log) - self.low) / (self.high - self.low)
        return min(self.cells - 1, max(0, round(share * (self.cells - 1))))

    def ticks(self, count: int) -> list[tuple[int, str]]:
        """Return about ``count`` cells with their labels, at round values."""
        decades = self.high - self.low
        if self.log and decades >= 2:
            step = max(1, math.ceil(decades / count))
            powers = range(math.ceil(self.low), math.floor(self.high) + 1, step)
            values = [10.0**power for power in powers]
        elif self.log:
            values = round_values(10**self.low, 10**self.high, count)
        else:
            values = round_values(self.low, self.high, count)
        return [(self.cell(value), f"{value:.4g}") for value in values]


def plot(
    series: Sequence[Series],
    title: str,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = False,
    width: int = 72,
    height: int = 16,
) -> str:
    """Return a plot as text, without a newline at its end.

    Args:
        series: at least one; later ones are drawn over earlier ones.
        log_x, log_y: whether the axis is logarithmic.
        width: characters of a whole line, labels included.
        height: lines of the drawing area; title, x axis and legend come on top of it.
    """
    kept = [visible(one, log_x, log_y) for one in series]
    xs = [x for points in kept for x, _ in points]
    ys = [y for points in kept for _, y in points]
    if not xs:
        return f"{title}: no finite values to draw"
    y_axis = axis(ys, log_y, height)
    labels = dict(y_axis.ticks(max(2, height // 3)))
    margin = max(len(label) for label in (*labels.values(), ""))
    x_axis = axis(xs, log_x, max(8, width - margin - 2))
    canvas = [[" "] * x_axis.cells for _ in range(height)]
    for index, points in enumerate(kept):
        draw(canvas, rows_by_column(points, x_axis, y_axis), LINES[index % len(LINES)])
    lines = [title.center(width).rstrip(), y_label]
    for row in range(height - 1, -1, -1):
        edge = "┤" if row in labels else "│"
        lines.append(f"{labels.get(row, ''):>{margin}} {edge}{''.join(canvas[row])}".rstrip())
    lines += x_lines(x_axis, margin + 1, x_label)
    return "\n".join([*lines, legend(series, kept)])


def measure(value: float, log: bool) -> float:
    """Return where a value lies along its axis."""
    return math.log10(value) if log else value


def visible(series: Series, log_x: bool, log_y: bool) -> list[tuple[float, float]]:
    """Return the points that can be drawn."""
    return [
        (x, y)
        for x, y in zip(series.x, series.y, strict=True)
        if drawable(x, log_x) and drawable(y, log_y)
    ]


def drawable(value: float, log: bool) -> bool:
    """Return whether a value has a place on an axis; NaN has none.

    Below the smallest normal number powers of ten lose their digits.
    """
    return abs(value) <= LARGEST and (value >= sys.float_info.min or not log)


def axis(values: Sequence[float], log: bool, cells: int) -> Axis:
    """Return the axis that just holds ``values``; around a single value it leaves some room."""
    low, high = (measure(end, log) for end in (min(values), max(values)))
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        room = 0.5 if log else abs(low) / 2 or 0.5
        low, high = low - room, high + room
    return Axis(low, high, log, cells)


def round_values(low: float, high: float, count: int) -> list[float]:
    """Return about ``count`` round values (1, 2 or 5 times a power of ten apart) in a range."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= 0.7 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # The multiple of a step such as 0.1 has rounding errors that a label would show.
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(index * step, digits) for index in range(first, last + 1)]


def rows_by_column(
    points: Sequence[tuple[float, float]], x_axis: Axis, y_axis: Axis
) -> dict[int, int]:
    """Return the row of the line in each column from the first point's to the last one's.

    Points in one column are averaged; between columns the line is straight.
    """
    falling: dict[int, list[float]] = {}
    for x, y in points:
        falling.setdefault(x_axis.cell(x), []).append(measure(y, y_axis.log))
    known = {column: math.fsum(values) / len(values) for column, values in falling.items()}
    columns = sorted(known)
    rows: dict[int, int] = {}
    for left, right in zip(columns, columns[1:] + columns[-1:], strict=True):
        for column in range(left, max(right, left + 1)):
            share = (column - left) / max(right - left, 1)
            value = known[left] + share * (known[right] - known[left])
            height = (value - y_axis.low) / (y_axis.high - y_axis.low)
            rows[column] = min(y_axis.cells - 1, max(0, round(height * (y_axis.cells - 1))))
    return rows


def draw(canvas: list[list[str]], rows: dict[int, int], line: str) -> None:
    """Draw one line on ``canvas`` (row 0 is the lowest); a step up or down is drawn upright."""
    level, upright, up_end, down_start, down_end, up_start = tuple(line)
    if len(rows) == 1:
        ((column, row),) = rows.items()
        canvas[row][column] = POINT
        return
    for column, row in rows.items():
        following = rows.get(column + 1, row)
        if following == row:
            canvas[row][column] = level
            continue
        rises = following > row
        canvas[row][column] = up_start if rises else down_start
        canvas[following][column] = up_end if rises else down_end
        for between in range(min(row, following) + 1, max(row, following)):
            canvas[between][column] = upright


def x_lines(x_axis: Axis, margin: int, label: str) -> list[str]:
    """Return the x axis: its line with ticks, their labels, and the axis's label below."""
    edge = ["─"] * x_axis.cells
    text = [" "] * (x_axis.cells + margin + 1)
    free_from = 0
    for cell, shown in x_axis.ticks(max(2, x_axis.cells // 14)):
        start = min(len(text) - len(shown), max(0, cell + margin + 1 - len(shown) // 2))
        if start < free_from:
            continue
        edge[cell] = "┬"
        text[start : start + len(shown)] = shown
        free_from = start + len(shown) + 1
    return [
        " " * margin + "└" + "".join(edge),
        "".join(text).rstrip(),
        " " * margin + label.center(x_axis.cells).rstrip(),
    ]


def legend(series: Sequence[Series], kept: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Return each series' line and name, and how many of its points could not be drawn."""
    parts = []
    for index, (one, points) in enumerate(zip(series, kept, strict=True)):
        left_out = len(one.x) - len(points)
        note = f" ({left_out} of {len(one.x)} points cannot be drawn)" if left_out else ""
        parts.append(f"{LINES[index % len(LINES)][0] * 2} {one.name}{note}")
    return "   ".join(parts)


SIDE_BY_SIDE = 110
"""Characters from which on two panels stand beside each other."""


def in_terminal(panels: Sequence[Panel], width: int, height: int = 12) -> str:
    """Return the panels as text: one below the other, or in two columns where there is room.

    Faint lines, levels and markers are left out.
    """
    columns = 2 if width >= SIDE_BY_SIDE and len(panels) > 1 else 1
    each = (width - 3 * (columns - 1)) // columns
    plots = [as_text(panel, each, height) for panel in panels]
    rows = (plots[i : i + columns] for i in range(0, len(plots), columns))
    return "\n\n".join(beside(row, each) for row in rows)


def as_text(panel: Panel, width: int, height: int) -> str:
    """Return one panel as text."""
    lines = [line for line in panel.lines if not (line.faint or line.level)] or list(panel.lines)
    series = [Series(line.name or panel.y_label, line.x, line.y) for line in lines]
    return plot(
        series,
        panel.title,
        panel.x_label,
        panel.y_label,
        log_x=panel.log_x,
        log_y=panel.log_y,
        width=width,
        height=height,
    )


def beside(blocks: Sequence[str], width: int) -> str:
    """Return blocks of text side by side, each ``width`` characters wide."""
    split = [block.splitlines() for block in blocks]
    tallest = max(len(lines) for lines in split)
    rows = zip(*(lines + [""] * (tallest - len(lines)) for lines in split), strict=True)
    return "\n".join("   ".join(line.ljust(width) for line in row).rstrip() for row in rows)
