"""Text from data, files and user code, made safe for a terminal.

A name may hold an escape sequence that moves the cursor, changes what was printed before or asks
the terminal to do something, or a character that reverses the order of a line. Each is shown as
Python writes it: ``\\x1b``, ``\\u202e``.
"""

from __future__ import annotations

import re

UNSEEN = re.compile(
    "["
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters, but for the line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they change the direction of writing
    "\u2028\u2029"  # they end a line, for some programs
    "\ud800-\udfff"  # what is no text in a file's name
    "]"
)


def visible(text: str) -> str:
    """Return ``text`` with every character that acts on a terminal shown by its code.

    A line feed stays, as text of several lines has it.
    """
    return UNSEEN.sub(code, text)


def in_line(text: str) -> str:
    """Return ``text``, a name or a path, as it can stand within a line: no line feed either."""
    return visible(text).replace("\n", "\\n")


def in_json(text: str) -> str:
    r"""Return JSON in which such a character is written as ``\u009b``: it reads as the same."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def code(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
