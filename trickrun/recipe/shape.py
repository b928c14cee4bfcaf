"""The form of a recipe, read from the parameter classes, and the shorthand that it allows.

Patches, error messages and the JSON schema all follow this one description.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from trickrun.params import DefaultKind, KindFile, KindFolder, Params

UNIONS = (Union, types.UnionType)


@dataclass(frozen=True)
class Leaf:
    """A value that holds no parameters: a number, a word, a list of numbers, anything."""

    annotation: Any


@dataclass(frozen=True)
class Section:
    """A mapping with the parameters of one class, or of the class in one file."""

    __match_args__ = ("params",)

    source: type[Params] | KindFile

    @property
    def params(self) -> type[Params]:
        return self.source.params if isinstance(self.source, KindFile) else self.source


@dataclass(frozen=True)
class Kinds:
    """A mapping whose ``kind`` says which class its parameters belong to.

    Args:
        kinds: the folder of the kinds.
        default: the kind that a mapping without ``kind`` has; None: it must be named.
    """

    kinds: KindFolder
    default: str | None = None

    def chosen(self, *mappings: object) -> type[Params] | None:
        """Return the class named by the first of ``mappings`` that has a kind, or the default's.

        None if that kind does not exist.
        """
        for mapping in mappings:
            if isinstance(mapping, dict) and "kind" in mapping:
                kind = mapping["kind"]
                return self.kinds.get(kind) if isinstance(kind, str) else None
        return self.kinds[self.default] if self.default else None


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
            shape_of(_constrained(field), _default_kind(field)),
            type(None) in get_args(field.annotation),
            field,
        )
        for name, field in params.model_fields.items()
    }


def _constrained(field: FieldInfo) -> Any:
    """Return a field's type with its bounds, which pydantic keeps apart."""
    metadata = tuple(field.metadata)
    return Annotated[field.annotation, *metadata] if metadata else field.annotation


def default_of(field: FieldInfo) -> Any:
    """Return a field's default, made anew if it is a kind; PydanticUndefined if it has none."""
    return field.get_default(call_default_factory=True, validated_data={})


def needed(params: type[Params]) -> dict[str, Any]:
    """Return the parameters that must be given, each with an example of a value: the first of a
    choice, or of the field's ``examples``."""
    return {
        name: example_of(member.field)
        for name, member in members(params).items()
        if member.field.is_required()
    }


def example_of(field: FieldInfo) -> Any:
    """Return an example of a value; ``…`` where the class has none."""
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)[0]
    return (field.examples or ["…"])[0]


def _default_kind(field: FieldInfo) -> str | None:
    """Return the kind that a mapping without ``kind`` has."""
    made = field.default_factory
    return made.kind if isinstance(made, DefaultKind) else None


def shape_of(annotation: Any, default: str | None = None) -> Shape:
    """Return the form of values of type ``annotation``.

    Args:
        default: the kind of a mapping that names none.
    """
    arms = [arm for arm in _arms(annotation) if arm is not type(None)]
    if len(arms) == 1:
        (arm,) = arms
        if isinstance(arm, KindFolder):
            return Kinds(arm, default)
        if isinstance(arm, KindFile) or (isinstance(arm, type) and issubclass(arm, Params)):
            return Section(arm)
        origin, args = get_origin(arm), get_args(arm)
        if origin is list or (origin is tuple and args[1:] == (Ellipsis,)):
            return Items(shape_of(args[0]))
        if origin is dict:
            return Free(shape_of(args[1]))
    return Leaf(annotation)


def _arms(annotation: Any) -> list[Any]:
    """Return the members of a union, nested ones included; of anything else, itself.

    A type whose metadata say where its kinds are found is that folder or file.
    """
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        found = [m for m in metadata if isinstance(m, KindFolder | KindFile)]
        return found or _arms(inner)
    if get_origin(annotation) in UNIONS:
        return [arm for part in get_args(annotation) for arm in _arms(part)]
    return [annotation]


def expand(value: Any, shape: Shape, base: Any = None, fill: bool = False) -> Any:
    """Return ``value`` with all shorthand written out.

    Args:
        value: plain data as written; it may be wrong in any way, then it is left as it is.
        shape: the form that its place in the recipe asks for.
        base: what stands at this place in the tree that ``value`` will patch; a mapping that names
            no kind is read as one of the base's kind.
        fill: write the default kind into mappings that name none. For whole documents only: a
            patch must leave the kind open, or it would seem to change it.
    """
    match shape:
        case Section(params):
            return _section(value, params, base, fill)
        case Kinds():
            return _kinds(value, shape, base, fill)
        case Items(item) if isinstance(value, list):
            return [expand(entry, item, fill=True) for entry in value]
        case Free(inner) if isinstance(value, dict):
            below = base if isinstance(base, dict) else {}
            return {key: expand(v, inner, below.get(key), fill) for key, v in value.items()}
        case _:
            return value


def _section(value: Any, params: type[Params], base: Any, fill: bool) -> Any:
    # true and false are left for validation to refuse: they read like a switch, which null is.
    if params.main and not isinstance(value, dict | bool | None):
        value = {params.main: value}
    return _parameters(value, params, base, fill)


def _kinds(value: Any, shape: Kinds, base: Any, fill: bool) -> Any:
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, dict):
        return value
    if fill and "kind" not in value and shape.default:
        value = {"kind": shape.default, **value}
    # Of an unknown kind the parameters that all kinds share are known.
    params = shape.chosen(value, base) or shape.kinds.base
    same = isinstance(base, dict) and params is shape.chosen(base)
    return _parameters(value, params, base if same else None, fill)


def _parameters(value: Any, params: type[Params], base: Any, fill: bool) -> Any:
    if not isinstance(value, dict):
        return value
    below = base if isinstance(base, dict) else {}
    known = members(params)
    return {
        key: expand(v, known[key].shape if key in known else Leaf(Any), below.get(key), fill)
        for key, v in params.expand(value).items()
        # In a whole document null says what leaving the key out says; in a patch it deletes.
        if not (fill and v is None and key in known and known[key].nullable)
    }
