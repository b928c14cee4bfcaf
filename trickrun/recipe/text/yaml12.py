"""YAML text to a tree of nodes that know where they stand, with YAML 1.2 scalars.

PyYAML parses; it reads scalars by YAML 1.1, drops positions and keeps the last of two equal keys,
so everything above its parser is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from trickrun.recipe.text.nodes import (
    MAX_VALUES,
    Alias,
    Entry,
    Fault,
    Mapping,
    Node,
    Scalar,
    Sequence,
)

MAX_DEPTH = 50

_WORD = re.compile(r"\S+")
_ANCHOR = re.compile(r"(?:&[^\s,\[\]{}]+(?:\s|#[^\n]*\n)*)?")

_SYNTAX = (
    (r"'\\t' that cannot start", "a tab cannot indent or separate here", "use spaces"),
    (
        "mapping values are not allowed",
        "a colon is not allowed here",
        "check the indentation of this line and the one before; quote text that contains ': '",
    ),
    (
        "could not find expected ':'",
        "expected 'key: value', but there is no colon",
        "write a space after the colon, and check the line's indentation",
    ),
    (r"expected ',' or ']'", "a list that begins with [ is not closed before this point", "add ]"),
    (
        r"expected ',' or '}'",
        "a mapping that begins with { is not closed before this point",
        "add }",
    ),
    (
        "expected <block end>",
        "this line does not fit the lines before it",
        "keys of one mapping start in the same column; 'key: value' and '- item' do not mix",
    ),
    ("end of stream", "a quoted text is not closed", "add the closing quote"),
    ("cannot start any token", "this character cannot begin a value", "put the value in quotes"),
    (
        "block scalar|chomping or indentation",
        "| and > begin a text of several lines",
        "put a value that begins with one of them in quotes",
    ),
    ("expected the node content", "a value is missing here", "delete the comma, or write a value"),
    (
        "unknown escape",
        "this is not an escape in double quotes",
        "use single quotes, or \\\\ for \\",
    ),
    (r"expected alphabetic", "a name must follow & or *", "put a text with & or * in quotes"),
)


@dataclass
class Document:
    """One YAML document.

    Args:
        text: what was parsed.
        root: its node; None if there is none, or the text is no YAML.
        faults: what is wrong, in the order of the text.
    """

    text: str
    root: Node | None = None
    faults: list[Fault] = field(default_factory=list)


def parse(text: str) -> Document:
    """Parse one document; errors are collected in its ``faults``."""
    document = Document(text)
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        document.root = _Builder(text, loader, document.faults).build()
    except yaml.MarkedYAMLError as error:
        document.faults.append(_syntax_fault(error, len(text)))
    except yaml.reader.ReaderError as error:
        place = int(error.position)
        message = f"the character U+{int(error.character):04X} is not allowed in YAML"
        document.faults.append(Fault(place, place + 1, message, "delete it"))
    except _TooMuch as error:
        document.faults.append(Fault(error.start, error.start + 1, error.message))
    except (ValueError, OverflowError):  # PyYAML lets out what int and chr raise of digits
        place = offset(loader.get_mark()) if loader is not None else 0
        message = "the number here, perhaps that of a character, is too large"
        document.faults.append(Fault(place, place + 1, message, "characters end at \\U0010FFFF"))
    return document


def _events(loader: yaml.SafeLoader) -> Iterator[yaml.Event]:
    while loader.check_event():
        yield loader.get_event()  # type: ignore[no-untyped-call]


def _syntax_fault(error: yaml.MarkedYAMLError, length: int) -> Fault:
    start = min(offset(error.problem_mark or error.context_mark), length)
    problem = error.problem or error.context or "not valid YAML"
    for pattern, message, hint in _SYNTAX:
        if re.search(pattern, problem):
            return Fault(start, start + 1, message, hint)
    return Fault(start, start + 1, f"not valid YAML: {problem}")


def offset(mark: Any) -> int:
    """Return where in the text a mark of PyYAML's parser stands."""
    return int(mark.index)


class _TooMuch(Exception):
    def __init__(self, start: int, message: str) -> None:
        super().__init__(start, message)
        self.start = start
        self.message = message


class _Builder:
    """Builds nodes from the parser's events."""

    def __init__(self, text: str, loader: yaml.SafeLoader, faults: list[Fault]) -> None:
        self.text = text
        self.faults = faults
        self.events = _events(loader)
        self.anchors: dict[str, Node | None] = {}
        self.depth = 0
        self.nodes = 0

    def build(self) -> Node | None:
        """Return the root of the first document; a second one is a fault."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "a second document begins here; a recipe is one document"
                    start = offset(event.start_mark)
                    self.faults.append(Fault(start, start + 3, message, "delete this line"))
                    break
                root = self.node(next(self.events))
        return root

    def node(self, event: yaml.Event) -> Node:
        """Return the node that begins with ``event``."""
        self.nodes += 1
        if self.nodes > MAX_VALUES:
            message = f"more than {MAX_VALUES} values: no recipe has that many"
            raise _TooMuch(offset(event.start_mark), message)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        assert isinstance(event, yaml.NodeEvent)
        start = offset(event.start_mark)
        self.refuse_tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        begin = self.content_start(start) if event.anchor is not None else start
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch(start, "nested too deeply")
        node = self.content(event, begin)
        self.depth -= 1
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def content(self, event: yaml.NodeEvent, begin: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            end = offset(event.end_mark)
            if event.style in ("|", ">"):
                end = begin + len(self.text[begin:end].rstrip())
            return Scalar(begin, max(begin, end), event.anchor, event.value, event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(event, begin)
        assert isinstance(event, yaml.MappingStartEvent)
        return self.mapping(event, begin)

    def sequence(self, event: yaml.SequenceStartEvent, begin: int) -> Sequence:
        items = []
        for inner in self.events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            items.append(self.node(inner))
        flow = bool(event.flow_style)
        end = offset(inner.end_mark) if flow else items[-1].end
        return Sequence(begin, end, event.anchor, tuple(items), flow)

    def mapping(self, event: yaml.MappingStartEvent, begin: int) -> Mapping:
        entries = []
        for inner in self.events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            key = self.node(inner)
            entries.append(Entry(key, self.node(next(self.events))))
        flow = bool(event.flow_style)
        end = offset(inner.end_mark) if flow else entries[-1].value.end
        return Mapping(begin, end, event.anchor, tuple(entries), flow)

    def alias(self, event: yaml.AliasEvent) -> Node:
        start, end = offset(event.start_mark), offset(event.end_mark)
        name = event.anchor or ""
        target = self.anchors.get(name)
        if target is None:
            inside = name in self.anchors
            what = "stands inside its own anchor" if inside else "has no anchor before it"
            hint = "" if inside else f"write &{name} before the value to repeat"
            self.faults.append(Fault(start, end, f"*{name} {what}", hint))
            return Scalar(start, end, None, "", None)
        return Alias(start, end, None, name, target)

    def refuse_tag(self, event: yaml.NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag is None:
            return
        start = offset(event.start_mark)
        tag_text = _WORD.match(self.text, start)
        end = tag_text.end() if tag_text else start + 1
        message = "tags (!name) are not read: a recipe is plain data and executes nothing"
        self.faults.append(Fault(start, end, message, "delete the tag; quote what must be text"))

    def content_start(self, start: int) -> int:
        """Return where the content begins after an anchor at ``start``."""
        match = _ANCHOR.match(self.text, start)
        return match.end() if match else start
