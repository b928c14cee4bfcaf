"""A checked recipe back as plain data and as YAML, every default written out."""

from __future__ import annotations

from typing import Any

from trickrun.params import Params
from trickrun.recipe.schema import Recipe


def resolved(recipe: Recipe) -> dict[str, Any]:
    """Return the whole recipe as plain data that loads to an equal recipe."""
    return _parameters(recipe)


def _plain(value: Any) -> Any:
    match value:
        case Params():
            return _parameters(value)
        case tuple() | list():
            return [_plain(entry) for entry in value]
        case dict():
            return {key: _plain(entry) for key, entry in value.items()}
        case _:
            return value


def _parameters(params: Params) -> dict[str, Any]:
    return {name: _plain(getattr(params, field)) for name, field in shown_fields(params).items()}


def shown_fields(params: Params) -> dict[str, str]:
    """Return recipe name to field name, without the defaults of alternatives not taken."""
    taken = params.taken
    return {
        name: field
        for field, info in type(params).model_fields.items()
        if (name := info.alias or field) in taken or not taken or name not in params.alternatives
    }
