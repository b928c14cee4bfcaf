"""An edit to try."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from trickrun.checks.interventions.edits import merged
from trickrun.checks.interventions.parts import Replacement


@dataclass(frozen=True)
class Candidate(Replacement):
    """A replacement in the user's recipe, and what stands for it in short trainings.

    Args:
        trial: the change of the short recipe.
        likelihood: 0 to 1, how likely this part is the cause before anything was tried: near 1 for
            a part that hardly anybody chooses with a good result, near 0 for one that is usual.
        together: what the parts are suspected of, if several are replaced at once.
    """

    trial: dict[str, Any]
    likelihood: float
    together: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What names its trainings: the whole edit, as one part may get several values."""
        return ", ".join(f"{path}={value}" for path, value in self.edit.items())


def together(parts: Iterable[Candidate]) -> Candidate:
    """Return the edit of all parts at once, named after the likeliest; see ``merged``."""
    ordered = sorted(parts, key=lambda part: -part.likelihood)
    return replace(
        ordered[0],
        edit=merged(part.edit for part in ordered),
        trial=merged(part.trial for part in ordered),
        likelihood=prod(part.likelihood for part in ordered) ** (1 / len(ordered)),
        together=tuple(part.name for part in ordered),
    )
