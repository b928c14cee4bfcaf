"""Variants of what is examined, the trainings that they need, and the fewest edits that help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from trickrun.checks.interventions.edits import Changes

Result = TypeVar("Result")
Part = TypeVar("Part")


@dataclass
class Variant(Generic[Result]):
    """What is examined with an edit, and what trainings of it reached.

    Args:
        edit: path to value; empty for what is examined as it is.
        results: seed to what its training reached.
        reason: why it could not be trained at all.
    """

    edit: dict[str, Any]
    results: dict[int, Result] = field(default_factory=dict)
    reason: str = ""


def untrained(
    known: dict[str, Variant[Result]], wanted: Mapping[str, Changes], seeds: Sequence[int]
) -> Iterator[tuple[str, Variant[Result], int]]:
    """Yield name, variant and seed of each training that is wanted and has not been made.

    A variant that gets a ``reason`` on the way is not yielded again.

    Args:
        known: all variants by name; new ones are added.
        wanted: name to edit.
    """
    for seed in seeds:
        for name, edit in wanted.items():
            variant = known.setdefault(name, Variant(dict(edit)))
            if seed not in variant.results and not variant.reason:
                yield name, variant, seed


def backward_elimination(
    parts: Sequence[Part],
    enough: Callable[[Sequence[Part]], bool],
    at_least: int = 1,
) -> list[Part]:
    """Return few of ``parts``, in their order, that are still enough.

    One after the other is left out, the last first, and stays out if the others are enough without
    it. That takes one question for each part; it finds a set from which nothing more can
    be left out alone, as long as a further replacement never does harm.

    Args:
        parts: replacements that are enough together, the likeliest cause first: where two would do,
            the likelier one stays.
        enough: told of some of the parts, whether they are. Once there is no time left to find out,
            it may say no to everything.
        at_least: how many stay in any case.
    """
    kept = list(parts)
    for part in reversed(parts):
        if len(kept) <= at_least:
            break
        rest = [other for other in kept if other is not part]
        if enough(rest):
            kept = rest
    return kept
