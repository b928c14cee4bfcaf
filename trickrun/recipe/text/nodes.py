"""The nodes of a parsed recipe, and the plain data that they stand for by YAML 1.2."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_VALUES = 100_000
"""Values of a recipe, those that aliases and merge keys repeat included: a small file must not
stand for a huge tree."""

UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What no file's name, and no UTF-8 text, can hold: NUL and lone surrogates."""

MERGE = "<<"


@dataclass(frozen=True)
class Fault:
    """Something wrong in the text between two offsets."""

    start: int
    end: int
    message: str
    hint: str = ""


@dataclass(frozen=True, eq=False)
class Node:
    """A part of the text.

    Args:
        start, end: offsets of its content, without an anchor before it.
        anchor: its anchor's name.
    """

    start: int
    end: int
    anchor: str | None


@dataclass(frozen=True, eq=False)
class Scalar(Node):
    """Text; ``style`` is a quote, ``|``, ``>`` or None for plain."""

    text: str
    style: str | None


@dataclass(frozen=True, eq=False)
class Sequence(Node):
    """A list; ``flow`` if in brackets."""

    items: tuple[Node, ...]
    flow: bool


@dataclass(frozen=True, eq=False)
class Entry:
    """One key of a mapping and its value."""

    key: Node
    value: Node

    @property
    def merges(self) -> bool:
        """Whether it is a merge key, which brings in the entries of other mappings."""
        return isinstance(self.key, Scalar) and self.key.style is None and self.key.text == MERGE


@dataclass(frozen=True, eq=False)
class Mapping(Node):
    """Keys and values; ``flow`` if in braces."""

    entries: tuple[Entry, ...]
    flow: bool


@dataclass(frozen=True, eq=False)
class Alias(Node):
    """A repetition of an anchored node."""

    name: str
    target: Node


GLUED = re.compile(r"([A-Za-z_][\w.]*):(\S.*)", re.DOTALL)
"""A plain key that holds a colon: of ``epochs:7`` YAML makes one word, for want of a blank."""

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAMED: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def plain_value(text: str) -> Any:
    """Return the value of a plain scalar by the core schema of YAML 1.2.

    Raises ValueError for a whole number of thousands of digits.
    """
    if text in _NAMED:
        return _NAMED[text]
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return text


class TooLarge(Exception):
    """A text has, or its aliases and merge keys repeat, too many values."""


class Reader:
    """Turns nodes into plain data and collects what is wrong with keys and values.

    Raises TooLarge from :meth:`value`.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._count = 0

    def value(self, node: Node) -> Any:
        """Return the plain data of ``node``, aliases and merge keys resolved."""
        self._spend(1)
        match node:
            case Scalar():
                return self._scalar(node)
            case Sequence(items=items):
                return [self.value(item) for item in items]
            case Alias(target=target):
                return self.value(target)
            case Mapping():
                return self._mapping(node)
        raise AssertionError(node)

    def _spend(self, values: int) -> None:
        """Count what is read. Raises TooLarge if it is too much."""
        self._count += values
        if self._count > MAX_VALUES:
            raise TooLarge

    def _scalar(self, node: Scalar) -> Any:
        wrong = UNWRITABLE.search(node.text)
        if wrong is not None:
            self._fault(node, f"text cannot hold the character U+{ord(wrong[0]):04X}", "delete it")
            return ""
        if node.style is not None:
            return node.text
        try:
            value = plain_value(node.text)
            many = isinstance(value, int) and abs(value) > sys.float_info.max
        except ValueError:
            many = True
        if many:
            self._fault(node, "this number has too many digits")
            return 0
        return value

    def _mapping(self, node: Mapping) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        seen: set[str] = set()
        for entry in node.entries:
            key = MERGE if entry.merges else self._key(entry.key)
            if key is None or self._glued(entry, key):
                continue
            if key in seen:
                self._duplicate(entry, key)
            seen.add(key)
            if entry.merges:
                merged = self._merged(entry.value) | merged
            else:
                own[key] = self.value(entry.value)
        return merged | own

    def _key(self, node: Node) -> str | None:
        key = self.value(node)
        if isinstance(key, str):
            return key
        hint = "put the key in quotes" if isinstance(node, Scalar) else "write 'key: value'"
        self._fault(node, "a key must be text", hint)
        return None

    def _glued(self, entry: Entry, key: str) -> bool:
        """Whether a key lacks the blank before its value, which is told."""
        node, value = entry.key, entry.value
        plain = isinstance(node, Scalar) and node.style is None
        empty = isinstance(value, Scalar) and value.style is None and not value.text
        found = GLUED.fullmatch(key) if plain and empty else None
        if found is None:
            return False
        name, written = found.groups()
        self._fault(node, "there is no blank after the colon", f"write {name}: {written}")
        return True

    def _duplicate(self, entry: Entry, key: str) -> None:
        hint = "write one << with a list: <<: [*a, *b]" if key == MERGE else "keep one of the two"
        self._fault(entry.key, f"the key {key!r} appears a second time", hint)

    def _merged(self, node: Node) -> dict[str, Any]:
        sources = merge_sources(node)
        if sources is None:
            self._fault(node, "<< needs a mapping, or a list of mappings", "write e.g. <<: *name")
            return {}
        merged: dict[str, Any] = {}
        for source in sources:
            # A mapping without entries of its own costs time too.
            self._spend(1)
            found = self._mapping(source)
            self._spend(len(found))
            merged = found | merged
        return merged

    def _fault(self, node: Node, message: str, hint: str = "") -> None:
        self.faults.append(Fault(node.start, node.end, message, hint))


def resolved(node: Node) -> Node:
    """Return the node itself, or what an alias repeats."""
    return node.target if isinstance(node, Alias) else node


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and all nodes written in it, in the order of the text."""
    yield node
    match node:
        case Sequence(items=items):
            for item in items:
                yield from walk(item)
        case Mapping(entries=entries):
            for entry in entries:
                yield from walk(entry.key)
                yield from walk(entry.value)


def merge_sources(node: Node) -> list[Mapping] | None:
    """Return the mappings that ``<<: node`` brings in, the strongest first; None if not such."""
    node = resolved(node)
    nodes = [resolved(item) for item in node.items] if isinstance(node, Sequence) else [node]
    mappings = [node for node in nodes if isinstance(node, Mapping)]
    return mappings if len(mappings) == len(nodes) else None
