"""Changing a recipe's text so that it means a patched recipe; comments, order and shorthand stay.

Each difference between what the text means and what it shall mean is mended by the narrowest
change of the text that works: the value itself, a new key beside it, else the mapping around it
written anew. What works is not reasoned out but read back: the edited text is parsed and compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.recipe.difference import MISSING, Difference, as_patch, differences
from trickrun.recipe.patch import (
    ROOT,
    PathStep,
    at,
    canonical,
    contract,
    form_at,
    patch,
    patch_paths,
)
from trickrun.recipe.shape import expand
from trickrun.recipe.text import splice
from trickrun.recipe.text.emit import flow
from trickrun.recipe.text.locate import find
from trickrun.recipe.text.nodes import Alias, Node, Reader, TooLarge, resolved, walk
from trickrun.recipe.text.nodes import Mapping as MappingNode
from trickrun.recipe.text.nodes import Sequence as SequenceNode
from trickrun.recipe.text.sources import EXTENDS
from trickrun.recipe.text.yaml12 import parse


class EditError(TrickrunError):
    """A change that cannot be written into a recipe's text."""


@dataclass(frozen=True)
class _Text:
    """A recipe's text and what it means.

    Args:
        change: the file's own tree, shorthand expanded.
        tree: the canonical tree, with the parents that ``extends`` names.
    """

    text: str
    root: MappingNode
    change: dict[str, Any]
    tree: dict[str, Any]


def edit_text(text: str, values: Mapping[str, Any], parent: dict[str, Any] | None = None) -> str:
    """Return ``text`` changed so that its tree is ``patch_paths`` of its tree by ``values``.

    Args:
        text: a recipe file.
        values: recipe path to value; null deletes.
        parent: the canonical tree of what the file extends; None if it extends nothing.

    Raises:
        PathError: a path leads nowhere.
        EditError: the text is no recipe, or no edit of it has the wanted meaning.
    """
    if re.search("\r(?!\n)", text):
        return _with_carriage_returns(text, values, parent)
    now = _read(text, parent)
    if now is None:
        raise EditError("a recipe that is not valid YAML cannot be edited")
    target = patch_paths(now.tree, values)
    while remaining := differences(now.tree, target, ROOT):
        now = _mend(now, target, remaining, parent)
    return now.text


def _with_carriage_returns(
    text: str, values: Mapping[str, Any], parent: dict[str, Any] | None
) -> str:
    """Return what ``edit_text`` does of a text with lines that end with a carriage return alone,
    as old Macs wrote them. If others end otherwise, they all end with a line feed then."""
    plain = re.sub("\r\n?", "\n", text)
    edited = edit_text(plain, values, parent)
    if edited == plain:
        return text
    return edited if "\n" in text else edited.replace("\n", "\r")


def _read(text: str, parent: dict[str, Any] | None) -> _Text | None:
    """Return what ``text`` means; None if it is not valid YAML for a recipe."""
    document = parse(text)
    reader = Reader()
    if not isinstance(document.root, MappingNode):
        return None
    try:
        value = reader.value(document.root)
    except TooLarge:
        return None
    if document.faults or reader.faults:
        return None
    value.pop(EXTENDS, None)
    if parent is None:
        tree = canonical(value)
        return _Text(text, document.root, tree, tree)
    change = expand(value, ROOT, parent)
    return _Text(text, document.root, change, patch(parent, change))


def _mend(
    now: _Text,
    target: dict[str, Any],
    remaining: list[Difference],
    parent: dict[str, Any] | None,
) -> _Text:
    """Return the text with the first of the ``remaining`` differences mended."""
    first = remaining[0]
    for candidate in _candidates(now, target, first, parent):
        edited = _read(candidate, parent)
        if edited is None:
            continue
        left = differences(edited.tree, target, ROOT)
        if len(left) < len(remaining) and first not in left:
            return edited
    path = ".".join(str(step) for step in first.steps)
    raise EditError(
        "no edit of the file changes only this",
        path,
        "edit the file by hand: "
        + (f"delete {path}" if first.value is MISSING else f"{path} must be {flow(first.value)}"),
    )


def _candidates(
    now: _Text, target: dict[str, Any], wanted: Difference, parent: dict[str, Any] | None
) -> Iterator[str]:
    """Yield texts that may mend ``wanted``, the narrowest edit first."""
    yield from _plain_candidates(now, target, wanted, parent)
    freed = _freed(now, wanted.steps, parent)
    if freed is not None:
        yield from _plain_candidates(freed, target, wanted, parent)


def _freed(now: _Text, steps: tuple[PathStep, ...], parent: dict[str, Any] | None) -> _Text | None:
    """Return the text in which no alias repeats what stands around ``steps``; None if none did.

    An anchor there moves to its first alias, with a copy of the value.
    """
    text = now
    for length in range(1, len(steps) + 1):
        spot = find(text.root, steps[:length], ROOT, text.change)
        aliases = (n for n in walk(text.root) if isinstance(n, Alias) and n.target is spot.node)
        alias = next(aliases, None)
        if alias is None or not spot.own:
            continue
        value = Reader().value(spot.node)
        moved = _read(splice.move_anchor(text.text, spot.node, alias, value), parent)
        if moved is None:
            return None
        text = moved
    return text if text is not now else None


def _plain_candidates(
    now: _Text, target: dict[str, Any], wanted: Difference, parent: dict[str, Any] | None
) -> Iterator[str]:
    """Yield texts that may mend ``wanted`` while anchors stay as they are."""
    steps = wanted.steps
    if wanted.value is MISSING:
        yield from _without(now, steps)
        yield from _with(now, steps, None)
        steps = steps[:-1]
    for length in range(len(steps), 0, -1):
        yield from _with(now, steps[:length], _written(target, steps[:length], parent))


def _written(
    target: dict[str, Any], steps: tuple[PathStep, ...], parent: dict[str, Any] | None
) -> Any:
    """Return what the file must say at ``steps``: the value, or what it changes of the parent's."""
    shape = form_at(steps, target)
    value: Any = target
    base: Any = parent
    for step in steps:
        value, base = at(value, step), at(base, step)
    return contract(value if base is None else as_patch(base, value, shape), shape)


def _with(now: _Text, steps: tuple[PathStep, ...], value: Any) -> Iterator[str]:
    """Yield texts that say ``value`` at ``steps``."""
    spot = find(now.root, steps, ROOT, now.change)
    if spot.depth == len(steps) and spot.own:
        yield splice.replace(now.text, spot.node, value)
    for length in range(len(steps) - 1, -1, -1):
        above = find(now.root, steps[:length], ROOT, now.change)
        if above.depth == length and above.own:
            yield from _below(now.text, above.node, steps[length:], value)
            return


def _below(text: str, node: Node, steps: tuple[PathStep, ...], value: Any) -> Iterator[str]:
    """Yield texts with a new entry for ``steps`` in what ``node`` is."""
    step = steps[0]
    for inner in reversed(steps[1:]):
        value = {inner: value}
    if isinstance(step, int):
        if isinstance(node, SequenceNode) and step == len(node.items):
            yield splice.append(text, node, value)
    elif isinstance(node, MappingNode):
        yield splice.insert(text, node, step, value)
    elif isinstance(node, Alias) and isinstance(resolved(node), MappingNode):
        yield splice.overlay(text, node, step, value)


def _without(now: _Text, steps: tuple[PathStep, ...]) -> Iterator[str]:
    """Yield texts that say nothing at ``steps``."""
    above = find(now.root, steps[:-1], ROOT, now.change)
    if above.depth < len(steps) - 1 or not above.own:
        return
    node, step = above.node, steps[-1]
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
        yield splice.remove_item(now.text, node, step)
    if isinstance(node, MappingNode):
        spot = find(now.root, steps, ROOT, now.change)
        for entry in node.entries:
            if entry.key is spot.key:
                yield splice.remove_entry(now.text, node, entry)
