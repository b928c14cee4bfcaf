"""The lines of a program that call backward, and those that clip gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from trickrun.findings.evidence.program import Backward, ClippedGradients, LossTerm
from trickrun.watching.optimizers import Series
from trickrun.watching.places import Key, place_of_key


@dataclass
class Site:
    """The backward passes from one line; see Backward for what is counted."""

    key: Key = None
    times: int = 0
    losses: Series = field(default_factory=Series)
    terms: list[LossTerm] = field(default_factory=list)
    between: list[int] = field(default_factory=list)
    since_step: int = 0
    rebuilt: int = 0
    negated: int = 0
    summed: list[int] = field(default_factory=list)
    thrown_away: int = 0
    unused: int = 0
    stepped: int = 0

    def told(self) -> Backward:
        """Return what was seen."""
        return Backward(
            place_of_key(self.key),
            self.times,
            tuple(self.losses.at),
            tuple(self.losses.values),
            tuple(self.terms),
            median(self.between) if self.between else 0.0,
            self.rebuilt,
            self.negated,
            self.thrown_away,
            self.unused,
            self.stepped,
            int(median(self.summed)) if self.summed else 0,
        )


@dataclass
class Clipping:
    """The calls of clipping from one line; see ClippedGradients for what is counted."""

    key: Key
    bound: float
    times: int = 0
    norms: Series = field(default_factory=Series)
    after_step: int = 0
    scaled: int = 0

    def told(self) -> ClippedGradients:
        """Return what was seen."""
        norms = tuple(self.norms.values)
        return ClippedGradients(
            place_of_key(self.key), self.times, self.bound, norms, self.after_step, self.scaled
        )
