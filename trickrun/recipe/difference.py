"""What differs between two canonical trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trickrun.recipe.patch import PathStep, child
from trickrun.recipe.shape import Kinds, Shape


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
"""The value of a path that a tree does not have."""


@dataclass(frozen=True)
class Difference:
    """A path whose value must become ``value``."""

    steps: tuple[PathStep, ...]
    value: Any


def differences(
    now: Any, wanted: Any, shape: Shape, steps: tuple[PathStep, ...] = ()
) -> list[Difference]:
    """Return the smallest parts of ``now`` that differ from ``wanted``.

    A mapping of another kind differs as a whole. Of a list that only lost elements these differ,
    the last first, so that the others keep their places while it is edited.
    """
    if isinstance(now, dict) and isinstance(wanted, dict) and not _other_kind(now, wanted, shape):
        keys = [*now, *(key for key in wanted if key not in now)]
        return [
            difference
            for key in keys
            for difference in _at_key(now, wanted, key, child(shape, key, wanted), steps)
        ]
    if isinstance(now, list) and isinstance(wanted, list):
        return _in_list(now, wanted, shape, steps)
    return [] if same(now, wanted) else [Difference(steps, wanted)]


def _at_key(
    now: dict[str, Any], wanted: dict[str, Any], key: str, shape: Shape, steps: tuple[PathStep, ...]
) -> list[Difference]:
    inner = (*steps, key)
    if key not in wanted:
        return [Difference(inner, MISSING)]
    if key not in now:
        return [Difference(inner, wanted[key])]
    return differences(now[key], wanted[key], shape, inner)


def _in_list(
    now: list[Any], wanted: list[Any], shape: Shape, steps: tuple[PathStep, ...]
) -> list[Difference]:
    if len(wanted) < len(now):
        gone = _left_out(now, wanted)
        if gone is None:
            return [Difference(steps, wanted)]
        return [Difference((*steps, index), MISSING) for index in reversed(gone)]
    found: list[Difference] = []
    for index, entry in enumerate(wanted):
        inner = (*steps, index)
        if index < len(now):
            found += differences(now[index], entry, child(shape, index), inner)
        else:
            found.append(Difference(inner, entry))
    return found


def _left_out(now: list[Any], wanted: list[Any]) -> list[int] | None:
    """Return which elements of ``now`` are left out in ``wanted``; None if others differ too."""
    gone: list[int] = []
    for index, entry in enumerate(now):
        place = index - len(gone)
        if place >= len(wanted) or not same(entry, wanted[place]):
            gone.append(index)
    return gone if len(now) - len(gone) == len(wanted) else None


def _other_kind(now: dict[str, Any], wanted: dict[str, Any], shape: Shape) -> bool:
    return isinstance(shape, Kinds) and now.get("kind") != wanted.get("kind")


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of equal types: 1, 1.0 and true are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


def as_patch(base: Any, wanted: Any, shape: Shape) -> Any:
    """Return the smallest change that patches ``base`` to ``wanted``."""
    if not isinstance(base, dict) or not isinstance(wanted, dict):
        return wanted
    if _other_kind(base, wanted, shape):
        return wanted
    changed = {
        key: as_patch(base.get(key), value, child(shape, key, wanted))
        for key, value in wanted.items()
        if key not in base or not same(base[key], value)
    }
    return changed | {key: None for key in base if key not in wanted}
