"""Values and types in words, for messages: "a number above 0", "one of: relu, tanh"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from trickrun.params import MOST, Params
from trickrun.recipe.shape import UNIONS

LONGEST_SHOWN = 40


def given(value: object) -> str:
    """Return ``value`` in the recipe's own words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            short = value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 1] + "…"
            return f"the text {short!r}"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a mapping"
        case int() if len(digits := repr(value)) > LONGEST_SHOWN:
            return f"{digits[: LONGEST_SHOWN // 2]}… ({len(digits)} digits)"
        case _:
            return repr(value)


def expected(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Return in words what values a type takes."""
    options = _options(annotation, list(metadata))
    words = [word for word in options if word != "null"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def of_field(field: FieldInfo) -> str:
    """Return in words what values a parameter takes."""
    return expected(field.annotation, field.metadata)


def of_item(annotation: Any) -> str:
    """Return in words what values the items of a list take, a list being one option of a type."""
    item = _item_type(annotation)
    return expected(annotation if item is None else item)


def _item_type(annotation: Any) -> Any:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple):
        return args[0]
    inner = args if origin in UNIONS else args[:1] if origin is Annotated else ()
    return next((item for arm in inner if (item := _item_type(arm)) is not None), None)


def _options(annotation: Any, metadata: list[Any]) -> list[str]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _options(args[0], [*metadata, *_flat(args[1:])])
    if origin in UNIONS:
        return [word for arm in args for word in _options(arm, metadata)]
    if origin is Literal:
        return [given(arg).removeprefix("the text ").strip("'") for arg in args]
    if annotation is type(None):
        return ["null"]
    if annotation is bool:
        return ["true", "false"]
    return [_one(annotation, origin, args, metadata)]


def _flat(metadata: Iterable[Any]) -> list[Any]:
    """Return the constraints in ``metadata``, those inside a Field included."""
    return [
        inner
        for item in metadata
        for inner in (item.metadata if isinstance(item, FieldInfo) else [item])
    ]


def _one(annotation: Any, origin: Any, args: tuple[Any, ...], metadata: list[Any]) -> str:
    if annotation is int:
        return "a whole number" + _bounds(metadata)
    if annotation is float:
        return "a number" + _bounds(metadata)
    if annotation is str:
        return "text"
    if origin is list or (origin is tuple and args[1:] == (Ellipsis,)):
        return f"a list (each {expected(args[0])})"
    if origin is tuple:
        return f"a list of {len(args)} (each {expected(args[0])})"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, Params)):
        return "a mapping"
    return "a value"


def _bounds(metadata: list[Any]) -> str:
    low, above = _bound(metadata, "ge"), _bound(metadata, "gt")
    high, below = _bound(metadata, "le"), _bound(metadata, "lt")
    # A bound that only keeps numbers in the range of their type or of machines tells nobody
    # anything.
    below = None if below is not None and below >= 2**31 else below
    high = None if high is not None and high >= MOST else high
    words = [
        f"of {low} or more" if low is not None else "",
        f"above {above}" if above is not None else "",
        f"up to {high}" if high is not None else "",
        f"below {below}" if below is not None else "",
    ]
    told = [word for word in words if word]
    if low is not None and high is not None:
        told = [f"from {low} to {high}"]
    return " " + " and ".join(told) if told else ""


def _bound(metadata: list[Any], name: str) -> Any:
    values = [getattr(item, name) for item in metadata if getattr(item, name, None) is not None]
    return values[-1] if values else None
