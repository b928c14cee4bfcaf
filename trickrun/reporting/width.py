"""Plain text as wide as the terminal, without rich, which takes time to load."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TextIO

SOURCE = re.compile(r"\s*\d*\s*\|")
"""How a line of a recipe begins in an error: what stands below it points at a place in it."""


def in_width(text: str, stream: TextIO) -> str:
    """Return text that goes to ``stream``: for a terminal broken between words, further lines as
    deep as the first. In a pipe a sentence is one line."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in broken(line, width))


def broken(line: str, width: int) -> list[str]:
    """Return a line in parts of ``width`` characters at most, if its words are no longer."""
    if len(line) <= width or SOURCE.match(line):
        return [line]
    depth = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line, width, subsequent_indent=depth, break_long_words=False, break_on_hyphens=False
    )
