"""A checked recipe back as plain data and as YAML, every default written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trickrun.params import Params
from trickrun.recipe.schema import Recipe
from trickrun.recipe.text.emit import flow, scalar

MARK_COLUMN = 40
"""Where the marks of defaults stand, if the line leaves room."""

DEFAULT_MARK = "# default"
"""What the line of a value ends with that was not given."""


def resolved(recipe: Recipe) -> dict[str, Any]:
    """Return the whole recipe as plain data that loads to an equal recipe."""
    return _parameters(recipe)


def resolved_text(recipe: Recipe) -> str:
    """Return ``resolved`` as YAML in which each value that was not given is marked a default."""
    return "".join(line + "\n" for line in _lines(recipe, 0))


def plain(value: Any) -> Any:
    """Return a parameter's value as plain data."""
    match value:
        case Params():
            return _parameters(value)
        case tuple() | list():
            return [plain(entry) for entry in value]
        case dict():
            return {key: plain(entry) for key, entry in value.items()}
        case _:
            return value


def _parameters(params: Params) -> dict[str, Any]:
    return {name: plain(getattr(params, field)) for name, field in shown_fields(params)}


def shown_fields(params: Params) -> list[tuple[str, str]]:
    """Return recipe and field names: the kind first, no defaults of alternatives not taken."""
    taken = params.taken
    names = [(info.alias or field, field) for field, info in type(params).model_fields.items()]
    shown = [
        (name, field)
        for name, field in names
        if name in taken or not taken or name not in params.alternatives
    ]
    return sorted(shown, key=lambda pair: pair[0] != "kind")


def _lines(params: Params, indent: int) -> Iterator[str]:
    """Yield the YAML lines of a mapping of parameters."""
    margin = " " * indent
    for name, field in shown_fields(params):
        value = getattr(params, field)
        head = f"{margin}{scalar(name)}:"
        given = field in params.model_fields_set
        if isinstance(value, Params) and given:
            yield head
            yield from _lines(value, indent + 2)
        elif given and isinstance(value, tuple) and any(isinstance(v, Params) for v in value):
            yield head
            for entry in value:
                first, *others = _lines(entry, indent + 4)
                yield f"{margin}  - {first.lstrip()}"
                yield from others
        else:
            line = f"{head} {flow(plain(value))}"
            yield line if given else f"{line:<{MARK_COLUMN}}  {DEFAULT_MARK}"
