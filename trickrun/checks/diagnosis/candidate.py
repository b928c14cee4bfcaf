"""An edit to try."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from trickrun.checks.interventions.edits import merged
from trickrun.checks.interventions.parts import Replacement
from trickrun.findings.rank import consequences

UNUSUAL = 0.4
"""Likelihood from which on a part is replaced in the plain form of the recipe, and may be what
brings another part's fault about."""


@dataclass(frozen=True)
class Candidate(Replacement):
    """A replacement in the user's recipe, and what stands for it in short trainings.

    Args:
        trial: the change of the short recipe.
        likelihood: 0 to 1, how likely this part is the cause before anything was tried: near 1 for
            a part that hardly anybody chooses with a good result, near 0 for one that is usual.
        parts: what is replaced at once, likeliest first; none if it is one part.
    """

    trial: dict[str, Any]
    likelihood: float
    parts: tuple[Candidate, ...] = ()

    @property
    def label(self) -> str:
        """What names its trainings: the whole edit, as one part may get several values."""
        return ", ".join(f"{path}={value}" for path, value in self.edit.items())

    @property
    def together(self) -> tuple[str, ...]:
        """What the parts are suspected of, if several are replaced at once."""
        return tuple(part.name for part in self.parts)


def together(parts: Iterable[Candidate]) -> Candidate:
    """Return the edit of all parts at once; see ``merged``. One part alone is returned as it is.

    It is named after the likeliest part that no other unusual one explains.
    """
    ordered = sorted(parts, key=lambda part: -part.likelihood)
    if len(ordered) == 1:
        return ordered[0]
    able = [part for part in ordered if part.likelihood >= UNUSUAL]
    explained = {code for part in able for code in consequences(part.code)}
    roots = [part for part in ordered if part.code not in explained]
    return replace(
        next(iter([*roots, *ordered])),
        edit=merged(part.edit for part in ordered),
        trial=merged(part.trial for part in ordered),
        likelihood=prod(part.likelihood for part in ordered) ** (1 / len(ordered)),
        parts=tuple(ordered),
    )
