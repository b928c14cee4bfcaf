"""Plain data as YAML 1.2 text that reads back as the same data."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from trickrun.recipe.text.nodes import MERGE, plain_value

WIDTH = 96

_PLAIN = re.compile(r"[A-Za-z0-9_./~+-](?:[\w ./~+:=*()%-]*[\w./~+*()%-])?", re.ASCII)


def scalar(value: Any, quote: str | None = None) -> str:
    """Return the text of a number, word or null.

    Args:
        quote: the quote that text gets where it may choose; None: none if it needs none.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case str():
            return _text(value, quote)
    raise TypeError(f"not plain data: {type(value).__name__}")


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


def _text(text: str, quote: str | None) -> str:
    if quote is None and _is_plain(text):
        return text
    if quote != '"' and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return _escaped(text)


def _is_plain(text: str) -> bool:
    """Return whether ``text`` stays the same text without quotes, inside braces too."""
    if not _PLAIN.fullmatch(text) or text[0] in "-~" or text == MERGE:
        return False
    return ": " not in text and len(text) < 1000 and isinstance(plain_value(text), str)


def _escaped(text: str) -> str:
    """Return ``text`` in double quotes; JSON's escapes are YAML's, apart from surrogate pairs."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in escaped)


def flow(value: Any) -> str:
    """Return ``value`` on one line, mappings in braces and lists in brackets."""
    if isinstance(value, dict):
        entries = [f"{scalar(key)}: {flow(entry)}" for key, entry in value.items()]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(entry) for entry in value) + "]"
    return scalar(value)


def block(value: Any, indent: int, width: int = WIDTH) -> list[str]:
    """Return ``value``, a non-empty mapping or list, as lines; inner ones in flow style if short.

    Args:
        indent: the column where each line begins; the first line is returned without it.
    """
    margin = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, entry in value.items():
            lines += _entry(f"{scalar(key)}:", entry, indent, width)
    else:
        for entry in value:
            lines += _entry("-", entry, indent, width)
    return [line if index == 0 else margin + line for index, line in enumerate(lines)]


def _entry(head: str, entry: Any, indent: int, width: int) -> list[str]:
    """Return the lines of one entry, without the margin of ``indent``."""
    line = f"{head} {flow(entry)}"
    if indent + len(line) <= width or not isinstance(entry, dict | list) or not entry:
        return [line]
    inner = block(entry, 2, width - indent)
    if head == "-":
        return [f"- {inner[0]}", *inner[1:]]
    return [head, f"  {inner[0]}", *inner[1:]]
