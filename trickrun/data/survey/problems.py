"""Several problems of data as one error, so that they are mended in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from trickrun.errors import DataError

MOST_TOLD = 10
"""Problems that an error tells."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_of(
    items: Iterable[Item], look: Callable[[Item], Result]
) -> tuple[list[Result], list[DataError]]:
    """Return what ``look`` makes of the items, and the errors of those that it fails for."""
    found: list[Result] = []
    problems: list[DataError] = []
    for item in items:
        try:
            found.append(look(item))
        except DataError as error:
            problems.append(error)
    return found, problems


def refuse(problems: Sequence[DataError], where: str) -> None:
    """Raise one DataError for all problems, if there are any.

    Args:
        where: the file or folder that they are in.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    lines = [told(problem, where) for problem in problems[:MOST_TOLD]]
    more = len(problems) - MOST_TOLD
    lines += [f"and {more} more"] if more > 0 else []
    raise DataError(f"{len(problems)} problems:\n  " + "\n  ".join(lines), where)


def told(problem: DataError, where: str) -> str:
    """Return a problem in a line."""
    place = problem.where.removeprefix(where).lstrip(": ")
    said = f"{place}: {problem.message}" if place else problem.message
    return f"{said} ({problem.hint})" if problem.hint else said
