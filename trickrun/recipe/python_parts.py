"""Which parts of a recipe are the user's own Python code; the schema tells what is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trickrun.params import Params
from trickrun.recipe.dump import shown_fields
from trickrun.recipe.patch import ROOT, PathStep
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import Free, Items, Kinds, Section, Shape, expand, members
from trickrun.recipe.space import searches


def python_parts(recipe: Recipe) -> list[tuple[PathStep, ...]]:
    """Return the recipe paths of the user's code, those that a grid may choose included."""
    return [*_within(recipe, ()), *_chosen(recipe)]


def _within(value: Any, steps: tuple[PathStep, ...]) -> Iterator[tuple[PathStep, ...]]:
    """Yield where checked parameters are code."""
    if isinstance(value, Params):
        if value.is_user_code:
            yield steps
            return
        for name, field in shown_fields(value):
            yield from _within(getattr(value, field), (*steps, name))
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _within(entry, (*steps, key))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _within(entry, (*steps, index))


def _chosen(recipe: Recipe) -> Iterator[tuple[PathStep, ...]]:
    """Yield the listed values of spaces that name code, which are plain data until chosen."""
    for where, space in searches(recipe):
        for path, values in space.items():
            for index, value in enumerate(values.choice or ()):
                change = value
                for word in reversed(path.split(".")):
                    change = {word: change}
                if names_code(change, ROOT):
                    yield (*where, path, "choice", index)


def names_code(value: Any, shape: Shape) -> bool:
    """Return whether a change of a place of form ``shape`` names user code.

    Args:
        value: plain data, shorthand as written. A mapping may stand for the changed elements of a
            list, and leave open the kind that it changes: what it says is then read as it would
            be for any kind.
    """
    if value is None:
        return False
    match shape:
        case Section(params):
            if params.is_user_code:
                return True
            given = expand(value, shape)
            found = members(params).items() if isinstance(given, dict) else ()
            return any(names_code(given.get(name), member.shape) for name, member in found)
        case Kinds(kinds):
            change = {"kind": value} if isinstance(value, str) else value
            if not isinstance(change, dict):
                return False
            chosen = shape.chosen(change) if "kind" in change else None
            known = [chosen] if chosen is not None else []
            if "kind" not in change:
                known = [kind for kind in kinds.all().values() if not kind.is_user_code]
            return any(names_code(change, Section(kind)) for kind in known)
        case Items(inner) | Free(inner):
            entries = list(value.values()) if isinstance(value, dict) else value
            listed = entries if isinstance(entries, list | tuple) else ()
            return any(names_code(entry, inner) for entry in listed)
        case _:
            return False
