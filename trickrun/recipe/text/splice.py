"""Small changes of YAML text at its nodes: replace a value, insert an entry, remove one.

Each function returns the whole new text. None of them promises that it means what was wanted:
YAML has too many corners. The caller reads the result back and compares.
"""

from __future__ import annotations

import re
from typing import Any

from trickrun.recipe.text.emit import block, flow, scalar
from trickrun.recipe.text.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence

_COMMENT = re.compile(r" {2,}(?=#)")
_LINE_REST = re.compile(r"[^\r\n]*(\r\n|\n|$)")


def replace(text: str, node: Node, value: Any) -> str:
    """Put ``value`` in the place of ``node``, in its style where it has one."""
    if isinstance(node, Mapping | Sequence) and not node.flow and _fits_style(node, value):
        lines = block(value, _column(text, node.start))
        return text[: node.start] + _newline(text).join(lines) + text[node.end :]
    if isinstance(node, Scalar) and node.style in ("'", '"') and isinstance(value, str):
        return _put(text, node, scalar(value, node.style))
    return _put(text, node, flow(value))


def _put(text: str, node: Node, new: str) -> str:
    """Put ``new`` in the place of ``node``, on the line of its key where that is possible."""
    before, after = text[: node.start], text[node.end :]
    comment = _COMMENT.match(after)
    if comment and "\n" not in new + text[node.start : node.end]:
        # The comment stays in its column, as it may stand in line with those above and below.
        spaces = len(comment[0]) - (len(new) - (node.end - node.start))
        after = " " * max(spaces, 2) + after[comment.end() :]
    stripped = before.rstrip()
    if stripped.endswith((":", "-", ",")) and "#" not in stripped.rpartition("\n")[2]:
        before = stripped + " "
    elif isinstance(node, Sequence) and not node.flow:
        # The dashes of a list may stand in the column of their key; nothing else may.
        before += "  "
    return before + new + after


def _fits_style(node: Node, value: Any) -> bool:
    kind = dict if isinstance(node, Mapping) else list
    return isinstance(value, kind) and bool(value)


def insert(text: str, node: Mapping, key: str, value: Any) -> str:
    """Add an entry at the end of a mapping."""
    if node.flow:
        return _insert_flow(text, node, f"{scalar(key)}: {flow(value)}", _last_end(node))
    first = node.entries[0].key.start
    lines = block({key: value}, _column(text, first))
    return _insert_lines(text, node.end, _column(text, first), lines)


def append(text: str, node: Sequence, value: Any) -> str:
    """Add an item at the end of a list."""
    if node.flow:
        last = node.items[-1].end if node.items else None
        return _insert_flow(text, node, flow(value), last)
    column = _column(text, node.start)
    return _insert_lines(text, node.end, column, block([value], column))


def overlay(text: str, node: Alias, key: str, value: Any) -> str:
    """Turn an alias of a mapping into a mapping that merges it and has one entry of its own."""
    new = f"{{<<: *{node.name}, {scalar(key)}: {flow(value)}}}"
    return text[: node.start] + new + text[node.end :]


def move_anchor(text: str, node: Node, alias: Alias, value: Any) -> str:
    """Give the anchor of ``node`` to ``alias``, which now holds ``value``, and free the node."""
    text = f"{text[: alias.start]}&{alias.name} {flow(value)}{text[alias.end :]}"
    start = text.rindex(f"&{alias.name}", 0, node.start)
    end = start + len(f"&{alias.name}")
    return text[:start].rstrip(" ") + text[end:]


def remove_entry(text: str, node: Mapping, entry: Entry) -> str:
    """Delete an entry of a mapping; the last one leaves ``{}``."""
    if len(node.entries) == 1:
        return _put(text, node, "{}")
    if not node.flow:
        return _remove_lines(text, entry.key.start, entry.value.end)
    spans = [(e.key.start, max(e.key.end, e.value.end)) for e in node.entries]
    return _remove_flow(text, spans, node.entries.index(entry))


def remove_item(text: str, node: Sequence, index: int) -> str:
    """Delete an item of a list; the last one leaves ``[]``."""
    if len(node.items) == 1:
        return _put(text, node, "[]")
    if not node.flow:
        item = node.items[index]
        dash = text.rindex("-", 0, item.start)
        return _remove_lines(text, dash, item.end)
    return _remove_flow(text, [(item.start, item.end) for item in node.items], index)


def _last_end(node: Mapping) -> int | None:
    if not node.entries:
        return None
    last = node.entries[-1]
    return max(last.key.end, last.value.end)


def _insert_flow(text: str, node: Node, new: str, last: int | None) -> str:
    if last is None:
        return text[: node.start + 1] + new + text[node.start + 1 :]
    return f"{text[:last]}, {new}{text[last:]}"


def _insert_lines(text: str, after: int, column: int, lines: list[str]) -> str:
    """Insert ``lines`` below the line that holds the offset ``after``."""
    rest = _LINE_REST.match(text, after)
    assert rest is not None
    newline = _newline(text)
    new = " " * column + newline.join(lines)
    if not rest[1]:
        return text + newline + new
    return text[: rest.end()] + new + newline + text[rest.end() :]


def _remove_lines(text: str, start: int, end: int) -> str:
    begin = text.rfind("\n", 0, start) + 1
    rest = _LINE_REST.match(text, end)
    assert rest is not None
    return text[:begin] + text[rest.end() :]


def _remove_flow(text: str, spans: list[tuple[int, int]], index: int) -> str:
    """Delete one of the entries at ``spans`` with the comma beside it."""
    if index + 1 < len(spans):
        return text[: spans[index][0]] + text[spans[index + 1][0] :]
    return text[: spans[index - 1][1]] + text[spans[index][1] :]


def _column(text: str, offset: int) -> int:
    return offset - (text.rfind("\n", 0, offset) + 1)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
