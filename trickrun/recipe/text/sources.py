"""The texts that a recipe is made from: its file, the files that extends names, and overrides."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.data.formats.paths import check_name, opened
from trickrun.errors import DataError
from trickrun.recipe.patch import ROOT
from trickrun.recipe.text.locate import find
from trickrun.recipe.text.nodes import Fault, Mapping, Node, Reader, TooLarge
from trickrun.recipe.text.problems import COMMAND_LINE, Problem, RecipeError, Source
from trickrun.recipe.text.yaml12 import parse

EXTENDS = "extends"

MAX_BYTES = 1_000_000
"""Size of a recipe file. The longest that people write are a hundredth of it."""


@dataclass(frozen=True)
class Text:
    """A parsed text.

    Args:
        root: its node.
        value: its plain data, shorthand as written.
        offset: where in the source the nodes' text begins.
    """

    source: Source
    root: Node
    value: Any
    offset: int = 0


def read_chain(path: Path, problems: list[Problem]) -> list[Text]:
    """Return the recipe file and its parents, the oldest first; each value is a mapping.

    What is wrong but can be passed over is added to ``problems``.

    Raises RecipeError, with those problems too, for a file that cannot be used.
    """
    chain: list[Text] = []
    seen: list[Path] = []
    asked: Problem | None = None
    while True:
        try:
            text = read_file(path, problems, asked)
        except RecipeError as error:
            raise RecipeError([*problems, *error.problems]) from None
        chain.insert(0, text)
        seen.append(path.resolve())
        parent = text.value.pop(EXTENDS, None)
        if parent is None:
            return chain
        place = find(text.root, (EXTENDS,), ROOT, text.value).node
        asked = Problem("", EXTENDS, text.source.at(place.start, place.end))
        if not isinstance(parent, str):
            message = "extends names one file, relative to this one"
            raise RecipeError([*problems, _told(asked, message, "write extends: other.yaml")])
        path = Path(os.path.normpath(path.parent / parent))
        if path.resolve() in seen:
            names = " -> ".join(str(file) for file in [t.source.name for t in chain[::-1]])
            message = f"extends goes in a circle: {names} -> {path}"
            raise RecipeError(
                [*problems, _told(asked, message, "one of them must not extend another")]
            )


def _told(problem: Problem, message: str, hint: str) -> Problem:
    return Problem(message, problem.path, problem.place, hint)


def read_file(path: Path, problems: list[Problem], asked: Problem | None) -> Text:
    """Return one parsed file, a mapping.

    Args:
        asked: where a child's ``extends`` names it; None for the recipe itself.
    """
    source = Source(str(path), _read(path, asked))
    document = parse(source.text)
    if document.root is None:
        faults = document.faults or [Fault(0, 0, "the file is empty", "trickrun new writes one")]
        raise RecipeError(_problem(source, fault) for fault in faults)
    text = construct(source, document.root, document.faults, problems)
    if not isinstance(document.root, Mapping):
        fault = Fault(text.root.start, text.root.end, "a recipe is a mapping: 'key: value' lines")
        raise RecipeError([*problems, _problem(source, fault)])
    return text


def construct(
    source: Source, root: Node, faults: list[Fault], problems: list[Problem], offset: int = 0
) -> Text:
    """Return ``root`` with its plain data; ``faults`` and those of its values go to ``problems``.

    Raises RecipeError if aliases repeat too much.
    """
    reader = Reader()
    try:
        value = reader.value(root)
    except TooLarge:
        fault = Fault(root.start, root.start + 1, "aliases repeat too many values")
        raise RecipeError([_problem(source, fault, offset)]) from None
    problems += [_problem(source, fault, offset) for fault in [*faults, *reader.faults]]
    return Text(source, root, value, offset)


def _problem(source: Source, fault: Fault, offset: int = 0) -> Problem:
    place = source.at(fault.start + offset, fault.end + offset)
    return Problem(fault.message, place=place, hint=fault.hint)


def _read(path: Path, asked: Problem | None) -> str:
    """Return the file's text with its line ends as they are."""
    try:
        return _content(path).decode("utf-8")
    except FileNotFoundError:
        message, hint = f"{path}: no such file", _similar(path)
    except IsADirectoryError:
        message, hint = f"{path} is a folder", "name the recipe file in it"
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text (byte {error.start})"
        hint = "save it as UTF-8"
    except OSError as error:
        message, hint = f"{path} cannot be read: {error.strerror}", ""
    except DataError as error:
        message, hint = f"{path}: {error.message}", error.hint
    if asked is not None:
        raise RecipeError([_told(asked, message, hint)])
    raise RecipeError([Problem(message, hint=hint)])


def _content(path: Path) -> bytes:
    """Return the bytes of a file that can be a recipe.

    Raises OSError, or DataError for what is no file, or larger than recipes are.
    """
    check_name(path)
    with opened(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DataError(f"a recipe has at most {MAX_BYTES} bytes, and this file has more")
    return content


def _similar(path: Path) -> str:
    try:
        names = sorted(file.name for file in path.parent.glob("*.y*ml"))
    except OSError:
        names = []
    return f"recipes there: {', '.join(names[:8])}" if names else ""


def read_override(text: str, problems: list[Problem]) -> tuple[str, Text] | None:
    """Return the path and the parsed value of ``path=value``; None if it is no such thing."""
    source = Source(COMMAND_LINE, text)
    path, equals, written = text.partition("=")
    offset = len(path) + 1
    whole = source.at(0, len(text))
    if not equals or not path.strip():
        hint = "write e.g. optimizer.lr=0.01"
        problems.append(Problem("expected path=value", place=whole, hint=hint))
        return None
    if not written.strip():
        problems.append(Problem("no value after =", path, whole, "null goes back to the default"))
        return None
    # On a command line > and | begin a condition such as '>= 0.9', never a block of lines.
    quoted = "'" + written.replace("'", "''") + "'" if written.lstrip()[0] in ">|" else written
    document = parse(quoted)
    if document.root is None:
        faults = document.faults or [Fault(0, len(written), "no value")]
        problems += [_problem(source, fault, offset) for fault in faults]
        return None
    return path, construct(source, document.root, document.faults, problems, offset)
