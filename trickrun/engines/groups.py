"""Which trials can train in one stack: those that differ only where their jobs' tensors do not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, get_args

from pydantic.fields import FieldInfo

from trickrun.engines.trial import Trial, targets_in
from trickrun.params import Params, Stackable
from trickrun.recipe.load import from_tree
from trickrun.recipe.schema import Recipe

NOT_IN_A_JOB = {"name", "grid", "expect"}
"""Sections that no job is made of."""


def groups(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return ``trials`` in groups that can be stacked, in the order of each one's first trial.

    A recipe with user code is a group of its own: nobody knows what that code holds or draws.
    """
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(group_of(trial), []).append(trial)
    return list(found.values())


def group_of(trial: Trial) -> str:
    """Return the name of a trial's group."""
    recipe = from_tree(trial.tree)
    if next(targets_in(recipe.model_dump(mode="json")), None) is not None:
        return trial.id
    return shape_of(recipe)


def shape_of(recipe: Recipe) -> str:
    """Return the recipe as text, with every stackable value that is on replaced by one mark."""
    return json.dumps(masked(recipe), sort_keys=True, default=str)


def masked(value: Any) -> Any:
    """Return parameters as plain data in which values that may differ in a stack look alike."""
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    if not isinstance(value, Params):
        return value
    return {
        name: "stackable" if getattr(value, name) and is_stackable(field) else masked(inner)
        for name, field in type(value).model_fields.items()
        if name not in NOT_IN_A_JOB or not isinstance(value, Recipe)
        for inner in [getattr(value, name)]
    }


def is_stackable(field: FieldInfo) -> bool:
    """Return whether a parameter, or one of the types that it can have, is marked Stackable."""
    return any(isinstance(m, Stackable) for m in (*field.metadata, *marks(field.annotation)))


def marks(annotation: Any) -> Iterable[Any]:
    """Yield everything that the parts of a type are annotated with."""
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield part
        yield from marks(part)
