"""Which trials can train in one stack: those that differ only where their jobs' tensors do not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args

from trickrun.params import Params, Stackable, parts
from trickrun.recipe.load import from_tree
from trickrun.recipe.schema import Recipe
from trickrun.search.trial import NOT_IN_A_JOB, Trial


def groups(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return ``trials`` in groups that can be stacked, in the order of each one's first trial.

    A recipe with a part that trains alone (user code, or a trick that is no stacked program) is a
    group of its own.
    """
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(group_of(trial), []).append(trial)
    return list(found.values())


def group_of(trial: Trial) -> str:
    """Return the name of a trial's group."""
    recipe = from_tree(trial.tree)
    alone = any(part.trains_alone for _, part in parts(recipe))
    return trial.id if alone else shape_of(recipe)


def shape_of(recipe: Recipe) -> str:
    """Return the recipe as text, with every value that may differ in a stack replaced by a mark."""
    return json.dumps(masked(recipe), sort_keys=True, default=str)


def masked(value: Any) -> Any:
    """Return parameters as plain data in which values that may differ in a stack look alike."""
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    if not isinstance(value, Params):
        return value
    names = type(value).model_fields.keys() - set(NOT_IN_A_JOB if isinstance(value, Recipe) else ())
    marks = stackable(type(value))
    return {name: masked_field(getattr(value, name), marks.get(name)) for name in names}


def masked_field(value: Any, mark: Stackable | None) -> Any:
    """Return a parameter's value as ``masked`` does; ``mark`` is its Stackable, if it has one."""
    if mark is None or (mark.off_at_zero and value == 0):
        return masked(value)
    return "stackable"


@cache
def stackable(params: type[Params]) -> dict[str, Stackable]:
    """Return the parameters of a class that are marked Stackable, with their marks."""
    found = {
        name: next(marks((*field.metadata, field.annotation)), None)
        for name, field in params.model_fields.items()
    }
    return {name: mark for name, mark in found.items() if mark is not None}


def marks(annotations: Iterable[Any]) -> Iterator[Stackable]:
    """Yield every Stackable among ``annotations`` and what the types in them are annotated with."""
    for item in annotations:
        if isinstance(item, Stackable):
            yield item
        yield from marks((*get_args(item), *getattr(item, "__metadata__", ())))
