"""From pydantic's errors to messages for people: what was given, what was expected, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trickrun.params import MOST, UNDELIVERED, Params
from trickrun.recipe.describe import expected, given, of_item
from trickrun.recipe.patch import ROOT, PathStep, at, params_at
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import Free, Items, Kinds, Leaf, Member, Section, Shape, members
from trickrun.recipe.text.nodes import plain_value
from trickrun.recipe.text.problems import MAX_PROBLEMS, did_you_mean


@dataclass(frozen=True)
class Complaint:
    """Something wrong at a recipe path, not yet located in the text.

    Args:
        steps: the path.
        on_key: the key itself is wrong, not its value.
        missing: the key should be there and is not.
    """

    steps: tuple[PathStep, ...]
    message: str
    hint: str = ""
    on_key: bool = False
    missing: bool = False

    @property
    def path(self) -> str:
        return ".".join(str(step) for step in self.steps)


@dataclass(frozen=True)
class _Place:
    """Where a pydantic error points.

    Args:
        steps: its recipe path.
        shape, member: the form and the parameter that stand there.
        params: the class whose parameters stand around it.
    """

    steps: tuple[PathStep, ...]
    shape: Shape
    member: Member | None
    params: type[Params] | None


def complaints(error: ValidationError, tree: dict[str, Any]) -> list[Complaint]:
    """Return one complaint for each wrong place in ``tree``; after as many as are told, only
    pydantic's own words, as to look for hints takes time."""
    found: dict[tuple[PathStep, ...], Complaint] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], tree)
        if len(found) >= MAX_PROBLEMS:
            found.setdefault(place.steps, Complaint(place.steps, detail["msg"]))
            continue
        complaint = _complaint(detail, place, tree)
        # The arms of a union each report; the first says what all of them take.
        # Of a number that is too large for one of them, that one says it.
        if detail["type"] == "less_than_equal":
            found[complaint.steps] = complaint
        found.setdefault(complaint.steps, complaint)
    return list(found.values())


def _place(loc: Sequence[PathStep], tree: Any) -> _Place:
    """Return the recipe path of a pydantic location."""
    steps: list[PathStep] = []
    shape: Shape = ROOT
    member: Member | None = None
    params: type[Params] | None = None
    here = tree
    words = list(loc)
    while words and not isinstance(shape, Leaf):
        step = words.pop(0)
        params = params_at(shape, here)
        if params is not None:
            member = members(params).get(str(step))
            shape = member.shape if member else Leaf(Any)
        elif isinstance(shape, Free | Items):
            shape = shape.inner
        steps.append(step)
        here = at(here, step)
    if words and isinstance(words[-1], int) and isinstance(here, list):
        steps.append(words[-1])
    return _Place(tuple(steps), shape, member, params)


def _complaint(detail: ErrorDetails, place: _Place, tree: Any) -> Complaint:
    if detail["type"] == UNDELIVERED:
        told = detail["ctx"]
        return Complaint((*place.steps, "kind"), told["text"], told["hint"])
    match detail["type"]:
        case "missing" if isinstance(place.steps[-1], int):
            return _wrong_value(replace(place, steps=place.steps[:-1]), tree, detail)
        case "missing":
            return Complaint(place.steps, f"{place.steps[-1]} is required", missing=True)
        case "extra_forbidden":
            return _unknown_key(place.steps, place.params, detail["input"])
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_kind(place.steps, place.shape, detail["input"])
        case "value_error":
            return Complaint(place.steps, detail["msg"].removeprefix("Value error, "))
        case _:
            return _wrong_value(place, tree, detail)


def _unknown_key(steps: tuple[PathStep, ...], params: type[Params] | None, value: Any) -> Complaint:
    word = str(steps[-1])
    if params and word in params.spellings:
        other = next(iter(params.expand({word: value})))
        if other == word:
            return Complaint(steps, f"expected a number, but {given(value)} is given")
        message = f"{word} is another spelling of {other}, which is given too"
        return Complaint(steps, message, "keep one of the two", on_key=True)
    known = list(members(params)) if params else []
    hint = did_you_mean(word, known)
    if not hint.startswith("did you mean"):
        homes = list(_homes(word))
        hint = f"it is a parameter of {' and '.join(homes)}" if homes else hint
    return Complaint(steps, f"unknown key {word!r}", hint, on_key=True)


def _homes(word: str) -> Iterator[str]:
    """Yield the sections that have a parameter ``word``, with the kinds if not all have it."""
    for name, member in members(Recipe).items():
        match member.shape:
            case Section(params) if word in members(params):
                yield name
            case Kinds(kinds):
                having = [kind for kind, params in kinds.all().items() if word in members(params)]
                if having:
                    some = f" ({', '.join(having)})" if len(having) < len(kinds.names()) else ""
                    yield name + some


def _wrong_kind(steps: tuple[PathStep, ...], shape: Shape, value: Any) -> Complaint:
    assert isinstance(shape, Kinds)
    known = shape.kinds.names()
    if not isinstance(value, dict):
        return _no_section(steps, shape, value)
    if "kind" not in value:
        return Complaint((*steps, "kind"), "kind is required", _kinds_hint(known), missing=True)
    kind = value["kind"]
    steps = (*steps, "kind")
    if not isinstance(kind, str):
        return Complaint(steps, f"a kind is a word, but {given(kind)} is given", _kinds_hint(known))
    if ":" in kind and "python" in known:
        hint = f"for your own code write {{kind: python, target: {kind!r}}}"
        return Complaint(steps, f"unknown kind {kind!r}", hint)
    hint = did_you_mean(kind, known)
    if kind in shape.kinds.plugins:
        hint = "an installed package adds it, and --no-python leaves such kinds out"
    return Complaint(steps, f"unknown kind {kind!r}", hint)


def _kinds_hint(known: list[str]) -> str:
    return f"known here: {', '.join(known)}"


def _no_section(steps: tuple[PathStep, ...], shape: Shape, value: Any) -> Complaint:
    """Complain about something that is no mapping where parameters are expected."""
    if isinstance(shape, Kinds):
        hint = "write none to switch it off" if "none" in shape.kinds and value is None else ""
        hint = hint or _kinds_hint(shape.kinds.names())
        return Complaint(steps, f"expected a kind, but {given(value)} is given", hint)
    assert isinstance(shape, Section)
    known = ", ".join(members(shape.params))
    hint = f"its parameters: {known}"
    if isinstance(value, bool):
        hint = "write {} for its defaults" if value else "write null to switch it off"
    return Complaint(steps, f"expected a mapping, but {given(value)} is given", hint)


def _wrong_value(place: _Place, tree: Any, detail: ErrorDetails) -> Complaint:
    value: Any = tree
    for step in place.steps:
        value = at(value, step)
    if isinstance(place.shape, Kinds | Section) and not isinstance(value, dict):
        return _no_section(place.steps, place.shape, value)
    if isinstance(place.shape, Kinds):
        return _wrong_kind(place.steps, place.shape, value)
    wanted = _wanted(place)
    message = f"expected {wanted}, but {given(value)} is given"
    complaint = Complaint(place.steps, message, _value_hint(value, wanted, place))
    match detail:
        case {"type": "finite_number"}:
            message = f"expected a finite number, but {given(value)} is given"
        case {"type": "string_pattern_mismatch", "ctx": {"pattern": pattern}}:
            message = f"{given(value)} does not fit the pattern {pattern}"
        case {"type": "less_than_equal", "ctx": {"le": most}} if most >= MOST:
            message = f"expected at most {most:,}, but {given(value)} is given"
        case {"type": "too_short", "ctx": {"min_length": least}}:
            message = f"expected at least {least}, but {given(value)} is given"
    return replace(complaint, message=message)


def _wanted(place: _Place) -> str:
    if isinstance(place.shape, Items):
        return "a list"
    if isinstance(place.shape, Free):
        return "a mapping"
    assert isinstance(place.shape, Leaf)
    if isinstance(place.steps[-1], int):
        return of_item(place.shape.annotation)
    return expected(place.shape.annotation)


def _value_hint(value: Any, wanted: str, place: _Place) -> str:
    """Return what to do about a wrong value; often it is text that looks like another type."""
    about = (place.member.field.description if place.member else None) or ""
    if not isinstance(value, str):
        return about
    if "number" in wanted and _is_number(value):
        return f"drop the quotes: {value}"
    if "number" in wanted and _is_number(value.replace("_", "").replace(",", "")):
        return f"write it without separators: {value.replace('_', '').replace(',', '')}"
    words = re.findall(r"[A-Za-z_][\w-]*", wanted)
    if "false" in words and value.lower() in ("yes", "no", "on", "off", "true", "false"):
        return f"write {'true' if value.lower() in ('yes', 'on', 'true') else 'false'}"
    if value.lower() in ("none", "null") and place.member and place.member.nullable:
        return "write null"
    if isinstance(place.shape, Items):
        return f"write a list: [{value}]"
    names = [word for word in words if word not in ("true", "false")]
    close = did_you_mean(value, names)
    return close if close.startswith("did you mean") else about


def _is_number(text: str) -> bool:
    value = plain_value(text) if len(text) < 100 else None
    return isinstance(value, int | float) and not isinstance(value, bool)
