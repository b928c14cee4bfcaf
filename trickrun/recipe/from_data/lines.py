"""The lines of a recipe, each with the reason why it is there."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100
COMMENT_COLUMN = 38

MOST_NAMED = 5
"""Columns, classes or labels that a line names."""


@dataclass(frozen=True)
class Line:
    """A line of a recipe.

    Args:
        text: with its indentation; blanks alone: the line is a comment.
        why: its comment; empty: none.
    """

    text: str
    why: str = ""

    def __str__(self) -> str:
        # Names in the data may hold anything, a new line too.
        why = " ".join("".join(c if c.isprintable() else " " for c in self.why).split())
        if not why:
            return self.text
        line = f"{self.text:<{COMMENT_COLUMN - 1}} # {why}"
        if len(line) <= WIDTH and self.text.strip():
            return line
        indent = self.text[: len(self.text) - len(self.text.lstrip())]
        above = [f"{indent}# {part}" for part in textwrap.wrap(why, WIDTH - len(indent) - 2)]
        return "\n".join([*above, self.text] if self.text.strip() else above)


def counted(count: int, thing: str) -> str:
    """Return "1 input", "2 inputs"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def some(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return "a, b", of many "a, b and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shares(classes: Sequence[tuple[str, int]]) -> str:
    """Return "a 52 %, b 48 %" of classes with their samples."""
    total = sum(count for _, count in classes)
    return some([f"{label} {count / total:.0%}" for label, count in classes])
