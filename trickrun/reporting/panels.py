"""What a line plot shows, as plain data, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

COLORS = ("#2563a8", "#d1622b", "#2f855a", "#8a4fa3", "#b0892a", "#51606f")
"""A line's color by its place; distinguishable with the usual color-vision deficiencies."""

SIZE = (3.9, 2.9)
"""Width and height of a panel in inches. A phone shows it as it is, so that the letters of all
pictures have one size."""

MOST_DRAWN = 1000
"""Trials in a picture; of more, some at even distances of their ranks, the best among them."""


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Args:
        name: in the legend; empty leaves it out.
        x, y: the points, of equal length; those that are not finite leave a gap.
        low, high: the edges of a shaded band around the line, each as long as ``x``.
        faint: thin and pale: what another line sums up (raw losses, single seeds).
        level: a value to compare with: dashed, in no line's color.
        dots: points that no line joins.
        color: index into COLORS; by default the line's place in the panel.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    faint: bool = False
    level: bool = False
    dots: bool = False
    color: int | None = None


@dataclass(frozen=True)
class Marker:
    """A vertical line at ``x``, dashed if it is not the ``main`` one, with a band if given.

    Args:
        name: in the legend; empty leaves it out.
        low, high: the edges of a shaded band around it.
    """

    name: str
    x: float
    low: float | None = None
    high: float | None = None
    main: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Args:
        log_x, log_y: whether the axis is logarithmic; values <= 0 are not drawn on one.
        top: upper end of the y axis, so that a diverging line does not flatten the rest.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    markers: Sequence[Marker] = ()
    log_x: bool = False
    log_y: bool = False
    top: float | None = None


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most ``most`` items at even distances, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
