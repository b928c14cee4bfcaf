"""Panels as an SVG document, written here: drawing one takes a millisecond, where importing
matplotlib alone takes half a second. `train` draws its curves at the end of each run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape

from trickrun.reporting.panels import COLORS, SIZE, Line, Panel
from trickrun.reporting.visible import visible
from trickrun.training.spans import timed

INK, SOFT, RULE = "#1f2933", "#5a6773", "#e4e7eb"
DASHES = "4 3"

POINTS = 72.0
"""In an inch."""

LEGEND_LINE = 13.0
"""Points of a line of a legend."""

BESIDE = 24
"""Characters of names that stand beside each other in a legend."""

WIDTH = 5.3
"""Points of a character, in the mean. A name that is longer than its room is cut."""

EVEN = 0.7
"""Decades: a logarithmic axis over fewer has ticks at even distances."""

MOST_POWERS = 5
"""Powers of ten along an axis."""

DRAWN = 600
"""Columns of a picture: of more points that fall into one, the lowest and the highest are drawn."""

LARGEST = 1e100
"""Larger values are drawn as gaps, as their differences may overflow."""

NO_XML = re.compile("[\ufffe\uffff]")
"""Characters that XML does not have, beside those that ``visible`` shows by their codes."""


@timed("drawing")
def draw(panels: Sequence[Panel], columns: int = 1, size: tuple[float, float] = SIZE) -> str:
    """Return the panels as one SVG document; the same panels give the same document.

    Args:
        columns: panels side by side.
        size: width and height of one panel in inches; one with a legend is higher.
    """
    rows = math.ceil(len(panels) / columns)
    width = size[0] * POINTS
    height = size[1] * POINTS + LEGEND_LINE * max(map(legend_lines, panels), default=0)
    drawn = []
    for index, panel in enumerate(panels):
        x, y = width * (index % columns), height * (index // columns)
        body = "".join(panel_elements(panel, width, height, index))
        drawn.append(f'<g class="axes" transform="translate({x:g} {y:g})">{body}</g>')
    whole = f"{width * columns:g}", f"{height * rows:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole[0]}pt" height="{whole[1]}pt" '
        f'viewBox="0 0 {whole[0]} {whole[1]}" fill="none" font-size="9" '
        'font-family="DejaVu Sans, Verdana, Arial, sans-serif">'
        f"<title>{plain('; '.join(panel.title for panel in panels))}</title>"
        f"{''.join(drawn)}</svg>\n"
    )


@dataclass(frozen=True)
class Axis:
    """One direction of a panel.

    Args:
        low, high: the values at its ends.
        begin, end: where these are, in points; the y axis begins below.
        log: whether it is logarithmic.
    """

    low: float
    high: float
    begin: float
    end: float
    log: bool
    ticks: list[float] = field(default_factory=list)

    def place(self, value: float) -> float:
        """Return where a value is, in points."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return self.begin + (value - low) / (high - low) * (self.end - self.begin)

    def has(self, value: float | None) -> bool:
        """Whether a value can be drawn on this axis."""
        if value is None or not math.isfinite(value) or abs(value) >= LARGEST:
            return False
        return not self.log or value > 0


def panel_elements(panel: Panel, width: float, height: float, index: int) -> Iterator[str]:
    """Yield the elements of one panel that is ``width`` and ``height`` points large."""
    y_low, y_high = ends_of_y(panel)
    y_ticks = ticks(y_low, y_high, panel.log_y)
    labels = tick_labels(y_ticks, panel.log_y)
    left = 25 + WIDTH * max(map(len, labels), default=1)
    bottom = height - 33 - LEGEND_LINE * legend_lines(panel)
    y = Axis(y_low, y_high, bottom, 24, panel.log_y, y_ticks)
    x_low, x_high = ends_of_x(panel)
    x = Axis(x_low, x_high, left, width - 9, panel.log_x, ticks(x_low, x_high, panel.log_x))
    yield text(cut(panel.title, width - left, 6.2), left, 15, 'font-size="10.5" font-weight="bold"')
    yield from grid(x, y, labels, panel)
    yield f'<clipPath id="clip{index}"><path d="M{left:.1f} 24H{x.end:.1f}V{bottom:.1f}H{left:.1f}Z"/></clipPath>'  # noqa: E501
    yield f'<g clip-path="url(#clip{index})">'
    for place, line in enumerate(panel.lines):
        color = COLORS[(place if line.color is None else line.color) % len(COLORS)]
        yield from line_elements(line, x, y, color)
    for marker in panel.markers:
        yield from marker_elements(marker.x, marker.low, marker.high, marker.main, x, y)
    yield "</g>"
    yield from legend(panel, left, bottom + 40, width)


def grid(x: Axis, y: Axis, y_labels: Sequence[str], panel: Panel) -> Iterator[str]:
    """Yield the two axes with their ticks, labels and lines across."""
    x_labels = tick_labels(x.ticks, x.log)
    rules = "".join(f"M{x.place(tick):.1f} {y.end:.1f}V{y.begin:.1f}" for tick in x.ticks)
    rules += "".join(f"M{x.begin:.1f} {y.place(tick):.1f}H{x.end:.1f}" for tick in y.ticks)
    yield f'<path d="{rules}" stroke="{RULE}" stroke-width="0.7"/>'
    corner = f"M{x.begin:.1f} {y.end:.1f}V{y.begin:.1f}H{x.end:.1f}"
    yield f'<path d="{corner}" stroke="{SOFT}" stroke-width="0.8"/>'
    for tick, label in zip(x.ticks, x_labels, strict=True):
        yield text(label, x.place(tick), y.begin + 12, 'text-anchor="middle"')
    for tick, label in zip(y.ticks, y_labels, strict=True):
        yield text(label, x.begin - 4, y.place(tick) + 3, 'text-anchor="end"')
    middle = (x.begin + x.end) / 2
    yield text(cut(panel.x_label, x.end - x.begin), middle, y.begin + 25, 'text-anchor="middle"')
    turned = f'text-anchor="middle" transform="rotate(-90 11 {(y.begin + y.end) / 2:.1f})"'
    yield text(cut(panel.y_label, y.begin), 11, (y.begin + y.end) / 2, turned)


def line_elements(line: Line, x: Axis, y: Axis, color: str) -> Iterator[str]:
    """Yield one line, and its band."""
    if line.low is not None and line.high is not None:
        low, high = [
            [(x.place(a), y.place(b)) for a, b in zip(line.x, edge, strict=True)
             if x.has(a) and y.has(b)]
            for edge in (line.low, line.high)
        ]  # fmt: skip
        if low and high:
            area = path([*low, *reversed(high)])
            yield f'<path class="band" d="{area}Z" fill="{color}" fill-opacity="0.18"/>'
    pieces = unbroken(line, x, y)
    if line.dots:
        every = thinned([point for piece in pieces for point in piece])
        for a, b in every:
            yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2" fill="{color}" fill-opacity="0.6"/>'
        return
    # A point alone has no length.
    alone = [piece[0] for piece in pieces if len(piece) == 1]
    drawn = "".join(path(thinned(piece)) for piece in pieces if len(piece) > 1)
    look = f'stroke="{color}" stroke-width="1.8"'
    if line.level:
        look = f'stroke="{SOFT}" stroke-width="1.2" stroke-dasharray="{DASHES}"'
    elif line.faint:
        look = f'stroke="{color}" stroke-width="0.8" stroke-opacity="0.4"'
    if drawn:
        yield f'<path class="line" d="{drawn}" {look} stroke-linejoin="round"/>'
    for a, b in alone:
        dot = SOFT if line.level else color
        yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2" fill="{dot}"/>'


def unbroken(line: Line, x: Axis, y: Axis) -> list[list[tuple[float, float]]]:
    """Return the pieces of a line between its gaps, in points."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for a, b in zip(line.x, line.y, strict=True):
        if x.has(a) and y.has(b):
            pieces[-1].append((x.place(a), y.place(b)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points of a line that can be told apart: of each of DRAWN columns the first, the
    lowest, the highest and the last."""
    if len(points) <= 4 * DRAWN:
        return points
    size = len(points) / DRAWN
    kept: list[tuple[float, float]] = []
    for column in range(DRAWN):
        inside = points[round(column * size) : round((column + 1) * size)]
        heights = [y for _, y in inside]
        chosen = {0, heights.index(min(heights)), heights.index(max(heights)), len(inside) - 1}
        kept += [inside[place] for place in sorted(chosen)]
    return kept


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return the data of an SVG path through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def marker_elements(
    at: float, low: float | None, high: float | None, main: bool, x: Axis, y: Axis
) -> Iterator[str]:
    """Yield one vertical line and its band."""
    color = COLORS[1] if main else SOFT
    if low is not None and high is not None and x.has(low) and x.has(high):
        edges = f"M{x.place(low):.1f} {y.end:.1f}V{y.begin:.1f}H{x.place(high):.1f}V{y.end:.1f}Z"
        yield f'<path class="band" d="{edges}" fill="{color}" fill-opacity="0.15"/>'
    if x.has(at):
        look = 'stroke-width="1.6"' if main else f'stroke-dasharray="{DASHES}"'
        yield f'<path class="marker" d="M{x.place(at):.1f} {y.end:.1f}V{y.begin:.1f}" stroke="{color}" {look}/>'  # noqa: E501


def legend(panel: Panel, left: float, top: float, width: float) -> Iterator[str]:
    """Yield the names of lines and markers, below the axes: there they cover no line."""
    samples = []
    for place, line in enumerate(panel.lines):
        color = COLORS[(place if line.color is None else line.color) % len(COLORS)]
        samples.append((line.name, SOFT if line.level else color, line.level))
    samples += [(m.name, COLORS[1] if m.main else SOFT, not m.main) for m in panel.markers]
    columns = legend_columns(panel)
    apart = (width - left) / columns
    named = [sample for sample in samples if sample[0]]
    for index, (name, color, dashed) in enumerate(named):
        x, y = left + apart * (index % columns), top + LEGEND_LINE * (index // columns)
        dashes = f' stroke-dasharray="{DASHES}"' if dashed else ""
        yield f'<path d="M{x:.1f} {y:.1f}h16" stroke="{color}" stroke-width="1.8"{dashes}/>'
        yield text(cut(name, apart - 21), x + 21, y + 3, 'class="legend" font-size="8.5"')


def legend_names(panel: Panel) -> list[str]:
    """Return what stands in a panel's legend."""
    names = [*(line.name for line in panel.lines), *(marker.name for marker in panel.markers)]
    return [name for name in names if name]


def legend_columns(panel: Panel) -> int:
    """Return how many names stand beside each other in a panel's legend."""
    return 2 if max(map(len, legend_names(panel)), default=0) <= BESIDE else 1


def legend_lines(panel: Panel) -> int:
    """Return the lines of a panel's legend."""
    return math.ceil(len(legend_names(panel)) / legend_columns(panel))


def text(words: str, x: float, y: float, look: str = "") -> str:
    """Return a text element."""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" {look}>{plain(words)}</text>'


def plain(words: str) -> str:
    """Return a name as text: no character in it is markup."""
    return escape(NO_XML.sub("\ufffd", visible(words)))


def cut(words: str, room: float, width: float = WIDTH) -> str:
    """Return a name, cut to so many points of room."""
    shown, most = visible(words), max(int(room / width), 4)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def ends_of_x(panel: Panel) -> tuple[float, float]:
    """Return the values at the ends of the x axis: those of lines and markers."""
    axis = Axis(1, 2, 0, 1, panel.log_x)
    found = [x for line in panel.lines for x in line.x if axis.has(x)]
    found += [marker.x for marker in panel.markers if axis.has(marker.x)]
    return widened(found, panel.log_x)


def ends_of_y(panel: Panel) -> tuple[float, float]:
    """Return the values at the ends of the y axis.

    It ends at the panel's top, and begins no lower than values can be: what is nowhere below 0, as
    losses are, has no axis below 0.
    """
    axis = Axis(1, 2, 0, 1, panel.log_y)
    edges = [edge for line in panel.lines for edge in (line.y, line.low, line.high) if edge]
    found = [y for edge in edges for y in edge if axis.has(y)]
    if panel.top is not None and axis.has(panel.top):
        found = [min(y, panel.top) for y in found]
    low, high = widened(found, panel.log_y)
    if not panel.log_y and found and min(found) >= 0:
        low = max(low, 0.0)
    return low, high


def widened(values: Sequence[float], log: bool, room: float = 0.04) -> tuple[float, float]:
    """Return the ends of an axis for its values, with some room around them."""
    if not values:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = min(values), max(values)
    if log:
        if high / low < 1.001:
            return low / 1.5, high * 1.5
        factor = (high / low) ** room
        return low / factor, high * factor
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high)):
        span = max(abs(low), 1e-12) * 0.5
        return low - span, high + span
    return low - room * span, high + room * span


def ticks(low: float, high: float, log: bool) -> list[float]:
    """Return the ticks of an axis."""
    return round_values(low, high) if log else even_values(low, high, 6)


def even_values(low: float, high: float, most: int) -> list[float]:
    """Return round values at even distances, ``most`` distances at the most."""
    raw = (high - low) / most
    if not 0 < raw < math.inf:
        return []
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def round_values(low: float, high: float) -> list[float]:
    """Return the ticks of a logarithmic axis, few enough that their labels stand apart: powers of
    ten; over less than two decades 2 and 5 times them too, and over a small factor values at even
    distances."""
    low, high = sorted((low, high))
    if not 0 < low < high < math.inf:
        return []
    decades = math.log10(high / low)
    if decades < EVEN:
        return [v for v in even_values(low, high, 4) if low <= v <= high * (1 + 1e-9)]
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    step = math.ceil(decades / MOST_POWERS)
    factors = (1, 2, 5) if decades < 2 else (1,)
    values = [factor * 10.0**power for power in powers if power % step == 0 for factor in factors]
    return [value for value in values if low <= value <= high]


def tick_labels(values: Sequence[float], log: bool) -> list[str]:
    """Return the labels of ticks; those of an even axis have as many decimals as their distance."""
    if log or len(values) < 2:
        return [tick_label(value) for value in values]
    step = min(b - a for a, b in pairwise(values))
    largest = max(map(abs, values))
    if largest >= 1e6 or step < 1e-4:
        return [tick_label(value, 6) for value in values]
    needed = max(0, -math.floor(math.log10(step) + 1e-9))
    # 0.25 needs a digit more than 0.1 does.
    needed += abs(step * 10**needed - round(step * 10**needed)) > 1e-6
    return [f"{value + 0.0:.{needed}f}" for value in values]


def tick_label(value: float, digits: int = 4) -> str:
    """Return a tick's label: 0.01, 1e-7."""
    return f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e")
