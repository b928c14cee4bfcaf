"""Problems of a recipe's text, each drawn under the place where the wrong value was written."""

from __future__ import annotations

import difflib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.recipe.other_names import OTHER_NAMES

COMMAND_LINE = "command line"
SHOWN_WIDTH = 96
"""Characters of an offending line that are drawn; of a longer one, the part around the fault."""

MAX_PROBLEMS = 20
"""Problems that are told; of more, how many there are."""


@dataclass(frozen=True)
class Source:
    """A text that recipe values come from.

    Args:
        name: the file as the user would name it, or ``command line``.
        text: its whole text; for the command line one ``path=value``.
    """

    name: str
    text: str

    @property
    def is_file(self) -> bool:
        """Whether lines and columns mean something in it."""
        return self.name != COMMAND_LINE

    @cached_property
    def starts(self) -> list[int]:
        """The offsets at which its lines begin."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, number: int) -> str:
        """Return a line (the first is 1) without its end."""
        begin = self.starts[number - 1]
        stop = self.text.find("\n", begin)
        return self.text[begin : len(self.text) if stop < 0 else stop].rstrip("\r")

    def at(self, start: int, end: int) -> Place:
        """Return the place between two offsets; of several lines, the part in the first."""
        start = min(start, len(self.text))
        number = bisect_right(self.starts, start)
        begin = self.starts[number - 1]
        stop = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        stop -= self.text.endswith("\r", begin, stop)
        return Place(self, number, start - begin + 1, max(1, min(end, stop) - start))


@dataclass(frozen=True)
class Place:
    """Where a value was written: ``width`` characters from ``column`` (both count from 1)."""

    source: Source
    line: int
    column: int
    width: int

    @property
    def text(self) -> str:
        """The line that it is in."""
        return self.source.line(self.line)

    def __str__(self) -> str:
        if self.source.is_file:
            return f"{self.source.name}:{self.line}:{self.column}"
        text = self.source.text
        shown = text if len(text) <= SHOWN_WIDTH else f"{text[: SHOWN_WIDTH - 1]}…"
        return f"{self.source.name}: {shown}"

    def drawn(self) -> list[str]:
        """Return the line with its number, and a line of carets under the fault."""
        text = self.text
        cut = max(0, self.column - 1 - SHOWN_WIDTH // 2) if len(text) > SHOWN_WIDTH else 0
        shown = text[cut : cut + SHOWN_WIDTH].replace("\t", " ")
        before = shown[: self.column - 1 - cut]
        marked = shown[len(before) : len(before) + self.width]
        label = f"{self.line:>5} | " if self.source.is_file else "      | "
        carets = " " * cells(before) + "^" * max(1, cells(marked))
        return [label + shown, " " * (len(label) - 2) + "| " + carets]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a recipe.

    Args:
        message: what is wrong, in words.
        path: the recipe path it concerns, for example ``optimizer.lr``; may be empty.
        place: where that was written; None for a recipe that was never text.
        hint: what to do about it; may be empty.
    """

    message: str
    path: str = ""
    place: Place | None = None
    hint: str = ""

    def __str__(self) -> str:
        parts = [str(self.place) if self.place else "", self.path, self.message]
        lines = [": ".join(part for part in parts if part)]
        lines += self.place.drawn() if self.place else []
        lines += ["        " + self.hint.replace("\n", "\n        ")] if self.hint else []
        return "\n".join(lines)

    def as_json(self) -> dict[str, str | int | None]:
        """Return it as ``validate --json`` prints it; line and column are null without a file."""
        in_file = self.place is not None and self.place.source.is_file
        return {
            "file": self.place.source.name if self.place else None,
            "line": self.place.line if self.place and in_file else None,
            "column": self.place.column if self.place and in_file else None,
            "path": self.path,
            "message": self.message,
            "hint": self.hint,
        }


class RecipeError(TrickrunError):
    """A recipe with one or more problems, told at once: the first 20 of them, and how many more.

    Args:
        more: how many there are beside ``problems``.
    """

    def __init__(self, problems: Iterable[Problem], more: int = 0) -> None:
        every = tuple(problems)
        self.problems = every[:MAX_PROBLEMS]
        self.count = len(every) + more
        first = self.problems[0]
        rest = f" (and {self.count - 1} more)" if self.count > 1 else ""
        where = ": ".join(part for part in (str(first.place or ""), first.path) if part)
        super().__init__(first.message + rest, where, first.hint)

    @property
    def left_out(self) -> int:
        """How many problems are not told."""
        return self.count - len(self.problems)

    def as_json(self) -> dict[str, Any]:
        told = [problem.as_json() for problem in self.problems]
        return {**super().as_json(), "problems": told, **self.more_as_json()}

    def more_as_json(self) -> dict[str, int]:
        """Return what a list of the problems needs beside it: how many it leaves out, if any."""
        return {"more_problems": self.left_out} if self.left_out else {}

    def __str__(self) -> str:
        told = "\n".join(str(problem) for problem in self.problems)
        if self.left_out:
            told += f"\n… and {self.left_out} more"
        return told if self.count == 1 else f"{self.count} problems in the recipe\n{told}"


def cells(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a hint that names the likeliest of ``known``, or lists them all."""
    other = OTHER_NAMES.get(word.lower().replace("-", "_"))
    if other in known:
        return f"did you mean {other}?"
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else ""
