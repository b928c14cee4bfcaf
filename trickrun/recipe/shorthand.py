"""Shorthand: what a bare string, number or list stands for, by its place in the recipe."""

from __future__ import annotations

from typing import Any

from trickrun.params import Params
from trickrun.recipe.shape import Free, Items, Kinds, Leaf, Section, Shape, members


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
    params = shape.chosen(value, base)
    if params is None:
        return value
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
