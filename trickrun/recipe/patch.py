"""The one rule of patching: for extends, overrides, grid spaces, derived recipes and edits.

Shorthand is expanded first; mappings merge by key, lists replace, null deletes, and a changed
``kind`` replaces the mapping, because one kind's parameters must not reach another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.params import Params
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import Free, Items, Kinds, Leaf, Section, Shape, expand, members

ROOT = Section(Recipe)
ANYTHING = Leaf(Any)

PathStep = str | int
"""One segment of a recipe path: a key, or the index of a list element."""


class PathError(TrickrunError):
    """A recipe path that cannot lead anywhere, such as an index past the end of a list."""


class _Gone:
    """Stands for a deleted list element until all paths are applied, so that indices stay."""


_GONE = _Gone()


def canonical(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a whole document's tree with shorthand expanded and default kinds filled in."""
    filled = expand(tree, ROOT, fill=True)
    assert isinstance(filled, dict)
    return filled


def patch(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return the canonical tree ``base`` changed by ``change``, which may hold shorthand."""
    merged = merge(base, expand(change, ROOT, base), ROOT)
    assert isinstance(merged, dict)
    return canonical(merged)


def edits_after(before: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Return the edits ``before`` and then ``later`` as one: what a later one replaces is gone."""

    def replaced(path: str) -> bool:
        return any(path == other or path.startswith(f"{other}.") for other in later)

    return {path: value for path, value in before.items() if not replaced(path)} | dict(later)


def patch_paths(tree: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``tree`` with each recipe path in ``values`` patched by its value; null deletes.

    The order of ``values`` does not matter: see :func:`order`. Deleted list elements count until
    all paths are applied.

    Raises PathError for an empty path or an index that is not there.
    """
    applied = apply_paths(tree, values)
    for error in applied.wrong.values():
        raise error
    return applied.tree


@dataclass(frozen=True)
class Applied:
    """What became of patching paths one by one.

    Args:
        tree: patched by the paths that lead somewhere.
        steps: these paths, split, in the order of patching.
        wrong: the errors of the others.
    """

    tree: dict[str, Any]
    steps: dict[str, tuple[PathStep, ...]]
    wrong: dict[str, PathError]


def apply_paths(tree: dict[str, Any], values: Mapping[str, Any]) -> Applied:
    """Patch ``tree`` as :func:`patch_paths` does, and collect the errors."""
    split: dict[str, tuple[PathStep, ...]] = {}
    wrong: dict[str, PathError] = {}
    for path in sorted(values, key=order):
        try:
            steps = steps_of(path, tree)
            change = _nested(tree, ROOT, steps, values[path])
        except PathError as error:
            wrong[path] = error
        else:
            split[path] = steps
            tree = patch(tree, change)
    cleaned = _without_gone(tree)
    assert isinstance(cleaned, dict)
    return Applied(cleaned, split, wrong)


def order(path: str) -> tuple[int, bool]:
    """Rank a path: whole sections before their parts, a kind before its parameters."""
    words = path.split(".")
    return len(words), words[-1] != "kind"


def merge(base: Any, change: Any, shape: Shape) -> Any:
    """Return ``base`` changed by the expanded ``change`` at a place of form ``shape``."""
    if not isinstance(change, dict):
        return change
    merged = _kept(base, change, shape) if isinstance(base, dict) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value, child(shape, key, change, base))
    return merged


def _kept(base: dict[str, Any], change: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Return what stays of ``base`` before the keys of ``change`` are merged in."""
    if isinstance(shape, Kinds) and "kind" in change and change["kind"] != base.get("kind"):
        return {}
    params = params_at(shape, change, base)
    alternatives = params.alternatives if params else ()
    if all(change.get(name) is None for name in alternatives):
        return dict(base)
    return {key: value for key, value in base.items() if key not in alternatives}


def params_at(shape: Shape, *mappings: object) -> type[Params] | None:
    """Return the class whose parameters stand at a place of form ``shape``, if it is known.

    Args:
        mappings: what stands at that place; the first that names a kind decides.
    """
    match shape:
        case Section(params):
            return params
        case Kinds():
            # Of an unknown kind the parameters that all kinds share are known.
            return shape.chosen(*mappings) or shape.kinds.base
        case _:
            return None


def child(shape: Shape, key: PathStep, *mappings: object) -> Shape:
    """Return the form of what stands at ``key`` below a place of form ``shape``.

    Args:
        mappings: as for :func:`params_at`.
    """
    match shape:
        case Free(inner) | Items(inner):
            return inner
        case _:
            params = params_at(shape, *mappings)
            known = members(params) if params else {}
            return known[key].shape if isinstance(key, str) and key in known else ANYTHING


def form_at(steps: Sequence[PathStep], tree: Any) -> Shape:
    """Return the form of what stands at ``steps`` of ``tree``."""
    shape: Shape = ROOT
    for step in steps:
        shape, tree = child(shape, step, tree), at(tree, step)
    return shape


def contract(value: Any, shape: Shape) -> Any:
    """Return canonical data with each section that only names its kind as that bare word."""
    if isinstance(value, list):
        return [contract(entry, child(shape, index)) for index, entry in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if isinstance(shape, Kinds) and list(value) == ["kind"]:
        return value["kind"]
    return {key: contract(entry, child(shape, key, value)) for key, entry in value.items()}


def steps_of(path: str, tree: dict[str, Any]) -> tuple[PathStep, ...]:
    """Split a recipe path such as ``augmentation.0.std``.

    Below a mapping with free keys (``expect``, a grid's ``space``, ``args``) the rest of the path
    is one key. A number addresses a list element where ``tree`` or the schema has a list.
    """
    steps: list[PathStep] = []
    shape: Shape = ROOT
    here: Any = tree
    words = path.split(".")
    while words:
        if "" in words:
            raise PathError(f"{path!r} is not a recipe path", hint="write e.g. optimizer.lr")
        word = ".".join(words) if isinstance(shape, Free) else words[0]
        words = [] if isinstance(shape, Free) else words[1:]
        # No list is so long that its index has ten digits, and int() refuses thousands of them.
        listed = (
            word.isdecimal()
            and len(word) < 10
            and (isinstance(here, list) or isinstance(shape, Items))
        )
        step: PathStep = int(word) if listed else word
        steps.append(step)
        shape = child(shape, step, here)
        here = at(here, step)
    return tuple(steps)


def at(value: Any, step: PathStep) -> Any:
    """Return what stands at ``step`` in plain data; None if there is nothing."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _nested(here: Any, shape: Shape, steps: Sequence[PathStep], value: Any) -> Any:
    """Return the change of ``here`` that sets ``value`` at ``steps`` below it."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    below = child(shape, step, here)
    if isinstance(step, str):
        return {step: _nested(at(here, step), below, rest, value)}
    items = list(here) if isinstance(here, list) else []
    if step >= len(items):
        raise PathError(f"there is no element {step}: the list has {len(items)}, counted from 0")
    change = expand(_nested(items[step], below, rest, value), below, items[step])
    items[step] = _GONE if change is None else merge(items[step], change, below)
    return items


def _without_gone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_gone(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_gone(entry) for entry in value if entry is not _GONE]
    return value
