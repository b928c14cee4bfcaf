"""Which of the listed runs are wanted, and in what order."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.run.listing import Summary

TEST = re.compile(r"\s*([\w.]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

FACTS = ("id", "recipe", "command", "status", "verdict", "started", "bytes", "note", "parent")
"""What a test may name, beside ``tag``, the best evaluation's values and ``test.`` and a score."""

SHORT = {"done": "finished"}
"""Other words for a status."""


def chosen(runs: Sequence[Summary], tests: Sequence[str]) -> list[Summary]:
    """Return the runs that pass all tests, such as ``val_loss<0.1``.

    A run without the value passes only a test with ``!=``.

    Raises TrickrunError for what is no test, or a name that no run has.
    """
    for test in tests:
        name, compare, value = parsed(test)
        check_name(name, runs, f"--where {test}")
        runs = [run for run in runs if passes(run, name, compare, value)]
    return list(runs)


def parsed(test: str) -> tuple[str, str, str]:
    """Return the name, the comparison and the value of a test."""
    found = TEST.fullmatch(test)
    if found is None:
        raise TrickrunError(
            "this is not a test",
            f"--where {test}",
            "such as status=done, 'val_loss<0.1' or tag=good",
        )
    name, compare, value = found.groups()
    return name, compare, SHORT.get(value, value) if name == "status" else value


def passes(run: Summary, name: str, compare: str, value: str) -> bool:
    """Return whether a run passes. Raises TrickrunError if a number is compared to a word."""
    if name == "tag":
        return (value in run.tags) is (compare == "=")
    own = value_of(run, name)
    if own is None:
        return compare == "!="
    if isinstance(own, str):
        return COMPARISONS[compare](own, value)
    try:
        return COMPARISONS[compare](own, float(value))
    except ValueError as error:
        raise TrickrunError(f"{name} is a number, but {value!r} is not", "--where") from error


def in_order(runs: list[Summary], name: str | None) -> list[Summary]:
    """Return the runs sorted by a value, the smallest first; with a ``-`` before the name, the
    largest. Runs without it come last. None: as they are.

    Raises TrickrunError for a name that no run has.
    """
    if name is None:
        return runs
    key = name.removeprefix("-")
    check_name(key, runs, f"--sort {name}")
    having = [run for run in runs if value_of(run, key) is not None]
    ordered = sorted(having, key=lambda run: value_of(run, key), reverse=name.startswith("-"))
    return ordered + [run for run in runs if value_of(run, key) is None]


def value_of(run: Summary, name: str) -> Any:
    """Return a fact or a score of a run; of the best evaluation first, ``test.`` of the test."""
    if name in FACTS:
        return getattr(run, name)
    if name.startswith("test."):
        return (run.test or {}).get(name.removeprefix("test."))
    found = (run.best or {}).get(name)
    found = found if found is not None else (run.test or {}).get(name)
    return found if isinstance(found, int | float) else None


def check_name(name: str, runs: Sequence[Summary], where: str) -> None:
    """Raise TrickrunError for a name that no run has, with the nearest one."""
    scores = {name for run in runs for name in (run.best or {})}
    tests = {f"test.{name}" for run in runs for name in (run.test or {})}
    plain = {name.removeprefix("test.") for name in tests}
    known = sorted({*FACTS, "tag", *scores, *tests, *plain})
    if name in known or not runs:
        return
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    raise TrickrunError(f"no run has {name!r}", where, hint)
