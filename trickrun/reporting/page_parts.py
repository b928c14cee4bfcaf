"""What a page is made of: sections, and in them parts, each a dataclass that the macro of its name
in ``templates/parts.html.j2`` shows. All text in them is escaped there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from trickrun.reporting.page import Picture

Value = float | str | None
"""What a cell is sorted by."""


@dataclass(frozen=True)
class Prose:
    """Lines of text, each a paragraph."""

    macro: ClassVar[str] = "prose"
    lines: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of text cells; the first cell of a row names it.

    Args:
        about: what it shows, in a few words: its caption.
        heads: of its columns; all empty ones are left out.
        rows: the cells.
        keys: what each cell is sorted by, in the form of ``rows``; empty: it cannot be sorted.
        note: what is left out, or how to read it; below the table.
        best: the row that is marked.
    """

    macro: ClassVar[str] = "table_of"
    about: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    keys: Sequence[Sequence[Value]] = ()
    note: str = ""
    best: int | None = None


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side.

    Args:
        about: whose they are.
    """

    macro: ClassVar[str] = "plots_of"
    pictures: Sequence[Picture]
    about: str


@dataclass(frozen=True)
class Cell:
    """A cell of a confusion matrix.

    Args:
        text: how many samples; empty for none.
        share: of the row's samples, 0 to 1.
        right: whether it is on the diagonal.
    """

    text: str
    share: float
    right: bool


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix: actual classes down, predicted ones across."""

    macro: ClassVar[str] = "matrix"
    about: str
    labels: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Sample:
    """An image of a gallery.

    Args:
        address: the picture as a data address.
        alt: what it is, for those who do not see it.
        lines: below it; the first one is emphasized.
    """

    address: str
    alt: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Gallery:
    """Images beside each other."""

    macro: ClassVar[str] = "gallery"
    samples: Sequence[Sample]


@dataclass(frozen=True)
class Stories:
    """Findings; see ``page.told_in_page``."""

    macro: ClassVar[str] = "findings_of"
    stories: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """A text of many lines that is folded away.

    Args:
        title: what is clicked on.
        lines: pairs of a kind (see ``page.line_kind``; empty for plain text) and a line.
        open: whether it is shown from the beginning.
    """

    macro: ClassVar[str] = "source"
    title: str
    lines: Sequence[tuple[str, str]]
    open: bool = False


@dataclass(frozen=True)
class Commands:
    """Command lines to copy, each with what it does."""

    macro: ClassVar[str] = "commands"
    lines: Sequence[tuple[str, str]]


Part = Prose | Table | Pictures | Matrix | Gallery | Stories | Source | Commands


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Args:
        title: unique on the page.
        parts: what is in it; without any it is left out.
    """

    title: str
    parts: Sequence[Part]

    @property
    def anchor(self) -> str:
        """Where a link to it leads."""
        return "s-" + re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def plain_lines(text: str) -> list[tuple[str, str]]:
    """Return the lines of a text that is shown as it is."""
    return [("", line) for line in text.splitlines()]


def can_be_sorted(sections: Sequence[Section]) -> bool:
    """Whether a table in them can be sorted."""
    return any(isinstance(part, Table) and part.keys for one in sections for part in one.parts)
