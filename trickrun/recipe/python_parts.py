"""Which parts of a recipe are the user's own Python code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trickrun.params import Params, PythonTarget
from trickrun.recipe.dump import shown_fields
from trickrun.recipe.patch import PathStep
from trickrun.recipe.schema import Recipe
from trickrun.recipe.space import searches


def python_parts(recipe: Recipe) -> list[tuple[PathStep, ...]]:
    """Return the recipe paths of the user's code, those that a grid may choose included."""
    return [*_within(recipe, ()), *_chosen(recipe)]


def _within(value: Any, steps: tuple[PathStep, ...]) -> Iterator[tuple[PathStep, ...]]:
    if isinstance(value, PythonTarget):
        yield steps
    elif isinstance(value, Params):
        for name, field in shown_fields(value):
            yield from _within(getattr(value, field), (*steps, name))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _within(entry, (*steps, index))


def _chosen(recipe: Recipe) -> Iterator[tuple[PathStep, ...]]:
    """Yield the listed values of spaces that name code, which are plain data until chosen."""
    for where, space in searches(recipe):
        for path, values in space.items():
            for index, value in enumerate(values.choice or ()):
                if _names_code(value):
                    yield (*where, path, "choice", index)


def _names_code(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("kind") == "python" or any(map(_names_code, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_names_code, value))
    return bool(value == "python")
