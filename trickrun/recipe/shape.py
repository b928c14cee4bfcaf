"""The form of a recipe, read from the parameter classes: where sections, kinds and lists are.

Shorthand, patches, error messages and the JSON schema all follow this one description.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from trickrun.params import Params

UNIONS = (Union, types.UnionType)


@dataclass(frozen=True)
class Leaf:
    """A value that holds no parameters: a number, a word, a list of numbers, anything."""

    annotation: Any


@dataclass(frozen=True)
class Section:
    """A mapping with the parameters of one class."""

    params: type[Params]


@dataclass(frozen=True)
class Kinds:
    """A mapping whose ``kind`` says which class its parameters belong to.

    Args:
        kinds: kind to class, in the order of the union.
        default: the kind that a mapping without ``kind`` has; None: it must be named.
    """

    kinds: Mapping[str, type[Params]]
    default: str | None = None

    def chosen(self, *mappings: object) -> type[Params] | None:
        """Return the class named by the first of ``mappings`` that has a kind, or the default's.

        None if that kind does not exist.
        """
        for mapping in mappings:
            if isinstance(mapping, dict) and "kind" in mapping:
                kind = mapping["kind"]
                return self.kinds.get(kind) if isinstance(kind, str) else None
        return self.kinds.get(self.default) if self.default else None


@dataclass(frozen=True)
class Items:
    """A list."""

    inner: Shape


@dataclass(frozen=True)
class Free:
    """A mapping whose keys are the user's own; they may contain dots."""

    inner: Shape


Shape = Leaf | Section | Kinds | Items | Free


@dataclass(frozen=True)
class Member:
    """One parameter of a class: its form, and whether null may be written for it."""

    shape: Shape
    nullable: bool
    field: FieldInfo


@cache
def members(params: type[Params]) -> dict[str, Member]:
    """Return the parameters of ``params`` by their recipe names."""
    return {
        field.alias or name: Member(
            shape_of(_constrained(field), field.get_default()),
            type(None) in get_args(field.annotation),
            field,
        )
        for name, field in params.model_fields.items()
    }


def _constrained(field: FieldInfo) -> Any:
    """Return a field's type with its bounds, which pydantic keeps apart."""
    metadata = tuple(field.metadata)
    return Annotated[field.annotation, *metadata] if metadata else field.annotation


def shape_of(annotation: Any, default: object = None) -> Shape:
    """Return the form of values of type ``annotation``; ``default`` is the field's."""
    arms = [arm for arm in _arms(annotation) if arm is not type(None)]
    if arms and all(isinstance(arm, type) and issubclass(arm, Params) for arm in arms):
        return _sections(arms, default)
    if len(arms) == 1:
        (arm,) = arms
        origin, args = get_origin(arm), get_args(arm)
        if origin is list or (origin is tuple and args[1:] == (Ellipsis,)):
            return Items(shape_of(args[0]))
        if origin is dict:
            return Free(shape_of(args[1]))
    return Leaf(annotation)


def _arms(annotation: Any) -> list[Any]:
    """Return the members of a union, nested ones included; of anything else, itself."""
    if get_origin(annotation) is Annotated:
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in UNIONS:
        return [arm for part in get_args(annotation) for arm in _arms(part)]
    return [annotation]


def _sections(classes: list[type[Params]], default: object) -> Shape:
    if len(classes) == 1 and "kind" not in classes[0].model_fields:
        return Section(classes[0])
    kinds = {kind: params for params in classes for kind in kind_names(params)}
    kind = getattr(default, "kind", None)
    return Kinds(types.MappingProxyType(kinds), kind if isinstance(kind, str) else None)


def kind_names(params: type[Params]) -> tuple[str, ...]:
    """Return the kinds that select ``params``."""
    annotation = params.model_fields["kind"].annotation
    assert get_origin(annotation) is Literal, f"{params.__name__}.kind must be a Literal"
    return get_args(annotation)
