"""The recipe language as a JSON schema, for editors: completion, hover texts, red underlines.

It accepts whatever a recipe file may say, shorthand included, and also what only makes sense in a
file that extends another one (a null that deletes, parameters without their kind). It is no
substitute for ``trickrun validate``, which knows more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from trickrun.params import Params
from trickrun.recipe.dump import plain
from trickrun.recipe.patch import ROOT
from trickrun.recipe.shape import Free, Items, Kinds, Leaf, Member, Section, Shape, members
from trickrun.recipe.text.sources import EXTENDS

NULL = {"type": "null"}

Json = dict[str, Any]


def json_schema() -> Json:
    """Return the schema of recipe files."""
    builder = _Builder()
    recipe = builder.mapping(ROOT.params)
    recipe["properties"][EXTENDS] = {
        "type": "string",
        "description": "another recipe, relative to this one, that this one changes",
    }
    del recipe["required"]
    whole = {"required": ["data", "model"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "trickrun recipe",
        **recipe,
        "anyOf": [whole, {"required": [EXTENDS]}],
        "$defs": dict(sorted(builder.definitions.items())),
    }


def schema_text() -> str:
    """Return the schema as it is written to a file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


class _Builder:
    """Collects one definition for each parameter class."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}

    def reference(self, name: str, make: Callable[[], Json]) -> Json:
        """Return a reference to the definition ``name``; it is made if need be."""
        if name not in self.definitions:
            # An init's head is again an init: the name must be there before its parts are made.
            self.definitions[name] = {}
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def section(self, params: type[Params]) -> Json:
        """Return the schema of a mapping with the parameters of ``params``, defined once."""
        name = f"{params.__module__.removeprefix('trickrun.')}.{params.__name__}"
        return self.reference(name, lambda: self.mapping(params))

    def kinds(self, shape: Kinds) -> Json:
        """Return the schema of a section of kinds, defined once under the name of their folder."""
        kinds = shape.kinds.all()
        options = lambda: _any_of([{"enum": list(kinds)}, *map(self.section, kinds.values())])  # noqa: E731
        return self.reference(shape.kinds.name, options)

    def mapping(self, params: type[Params]) -> Json:
        """Return the schema of a mapping with the parameters of ``params``."""
        fields = members(params)
        properties = {name: self.parameter(member) for name, member in fields.items()}
        properties |= {name: {"type": "number"} for name in params.spellings}
        return {
            "type": "object",
            "description": _summary(params),
            "properties": properties,
            "required": [name for name, member in fields.items() if member.field.is_required()],
            "additionalProperties": False,
        }

    def parameter(self, member: Member) -> Json:
        """Return the schema of one parameter's value."""
        field, shape = member.field, member.shape
        about = {"description": field.description} if field.description else {}
        if field.is_required():
            return {**about, **_any_of(self.options(shape))}
        # A null deletes what a parent says, so it may stand for whatever is not required.
        schema = {**about, **_any_of([*self.options(shape), NULL])}
        if isinstance(shape, Kinds):
            return {**schema, "default": shape.default}
        default = field.get_default()
        return schema if isinstance(default, Params) else {**schema, "default": plain(default)}

    def options(self, shape: Shape) -> list[Json]:
        """Return the schemas of the values of form ``shape``, all shorthand included."""
        match shape:
            case Section(params):
                bare = [members(params)[params.main].shape] if params.main else []
                return [self.section(params), *(o for inner in bare for o in self.options(inner))]
            case Kinds():
                return [self.kinds(shape)]
            case Items(inner):
                return [{"type": "array", "items": _any_of(self.options(inner))}]
            case Free(inner):
                values = _any_of(self.options(inner))
                return [{"type": "object", "additionalProperties": values}]
            case Leaf(annotation):
                schema = TypeAdapter(annotation).json_schema()
                return list(schema.get("anyOf", [schema]))


def _any_of(options: list[Json]) -> Json:
    """Return the schema of what any of ``options`` takes; null joins a lone option's own types."""
    if {} in options:
        return {}
    options = [option for index, option in enumerate(options) if option not in options[:index]]
    if len(options) == 1:
        return options[0]
    if len(options) == 2 and options[1] == NULL:
        alone = options[0]
        if "enum" in alone or "const" in alone:
            return {"enum": [*alone.get("enum", [alone.get("const")]), None]}
        if "type" in alone:
            return {**alone, "type": [alone["type"], "null"]}
    return {"anyOf": options}


def _summary(params: type[Params]) -> str:
    """Return the first line of a class's catalogue entry."""
    return (params.__doc__ or "").strip().partition("\n")[0]
