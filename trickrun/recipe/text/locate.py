"""Where a recipe value was written: in the file, a parent, an alias, or on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trickrun.params import Params
from trickrun.recipe.patch import ROOT, PathStep, at, child, params_at
from trickrun.recipe.shape import Shape
from trickrun.recipe.text.nodes import Mapping, Node, Reader, Scalar, merge_sources, resolved
from trickrun.recipe.text.nodes import Sequence as SequenceNode
from trickrun.recipe.text.problems import Place, Source


@dataclass(frozen=True)
class Spot:
    """What the text has for the first ``depth`` steps of a recipe path.

    Args:
        key: the key's node; None for the root and for list elements.
        node: the value's node, which may be an alias.
        own: whether it is reached without passing an alias or a merge key.
    """

    key: Scalar | None
    node: Node
    depth: int
    own: bool


def find(root: Node, steps: Sequence[PathStep], shape: Shape, tree: Any, own: bool = True) -> Spot:
    """Follow ``steps`` from ``root`` as far as the text goes.

    A parameter that shorthand stands for is found at the shorthand's node.

    Args:
        shape: the form of the root's place.
        tree: the root's value with shorthand expanded.
    """
    key: Scalar | None = None
    node = root
    for depth, step in enumerate(steps):
        own = own and node is resolved(node)
        below = _below(resolved(node), step, params_at(shape, tree))
        if below is None:
            return Spot(key, node, depth, own)
        key, node, direct = below
        own = own and direct
        shape, tree = child(shape, step, tree), at(tree, step)
    return Spot(key, node, len(steps), own)


def _below(
    node: Node, step: PathStep, params: type[Params] | None
) -> tuple[Scalar | None, Node, bool] | None:
    """Return the key and value at ``step``, and whether they stand in ``node`` itself."""
    if isinstance(node, SequenceNode) and isinstance(step, int):
        return (None, node.items[step], True) if step < len(node.items) else None
    if not isinstance(node, Mapping):
        stands_for = params.main if params else None
        return (None, node, True) if step in ("kind", stands_for) else None
    if not isinstance(step, str):
        return None
    for entry in node.entries:
        if isinstance(entry.key, Scalar) and not entry.merges and entry.key.text == step:
            return entry.key, entry.value, True
    for entry in node.entries:
        for source in (merge_sources(entry.value) or []) if entry.merges else []:
            found = _below(source, step, params)
            if found is not None:
                return found[0], found[1], False
    return _respelled(node, step, params) if params else None


def _respelled(
    node: Mapping, step: str, params: type[Params]
) -> tuple[Scalar | None, Node, bool] | None:
    """Find the entry whose other spelling ``step`` is (``keep`` for dropout's ``p``)."""
    for entry in node.entries:
        if isinstance(entry.key, Scalar) and entry.key.text in params.spellings:
            written = {entry.key.text: Reader().value(entry.value)}
            if step in params.expand(written):
                return entry.key, entry.value, True
    return None


@dataclass(frozen=True)
class SourceLayer:
    """One text whose values reach the recipe: a file, or an override.

    Args:
        source: the text.
        root: the node of its value.
        steps: where in the recipe the value goes; () for a file.
        change: the value with shorthand expanded.
        shape: the form of that place.
        offset: where in the source the nodes' text begins.
    """

    source: Source
    root: Node
    steps: tuple[PathStep, ...]
    change: Any
    shape: Shape = ROOT
    offset: int = 0

    def holds(self, steps: Sequence[PathStep]) -> bool:
        """Return whether this text gives a value at ``steps`` or a part of it."""
        shared = min(len(steps), len(self.steps))
        if tuple(steps[:shared]) != self.steps[:shared]:
            return False
        return _has(self.change, steps[len(self.steps) :])

    def place(self, steps: Sequence[PathStep], on_key: bool) -> Place:
        """Return where ``steps``, or the nearest thing above it, stands in this text."""
        inner = steps[len(self.steps) :]
        spot = find(self.root, inner, self.shape, self.change)
        if spot.key is not None and on_key and spot.depth == len(inner):
            return self._between(spot.key)
        if spot.depth == 0 and (on_key or len(steps) < len(self.steps)) and self.steps:
            return self.source.at(0, self.offset - 1)
        return self._between(spot.node)

    def _between(self, node: Node) -> Place:
        return self.source.at(node.start + self.offset, node.end + self.offset)


def _has(value: Any, steps: Sequence[PathStep]) -> bool:
    for step in steps:
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def locate(
    layers: Sequence[SourceLayer], steps: Sequence[PathStep], on_key: bool = False
) -> Place | None:
    """Return where the value at ``steps``, or the nearest thing above it, was written.

    The last text that gives a value decides, as in patching; an override below the place counts
    only where no other text has it.
    """
    for length in range(len(steps), -1, -1):
        holders = [layer for layer in layers if layer.holds(steps[:length])]
        whole = [layer for layer in holders if len(layer.steps) <= length]
        if holders:
            layer = (whole or holders)[-1]
            return layer.place(steps[:length], on_key)
    return None
