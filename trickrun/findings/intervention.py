"""What trainings with an edit prove: whether it is a cause, and which of several comes first.

An edit counts as a cause if it helps by more than seeds and the validation split's size explain,
and by more than tuning gives anyway. How much more depends on how suspicious the part was before: a
sigmoid that doubles a softmax needs little proof, a learning rate in its usual range much, because
on nearly every healthy recipe some other learning rate is a little better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev

LEAST, MOST = 0.02, 0.25
"""Gain of skill that an edit of a part needs that is surely wrong, and of one that is usual."""

SHARE = 0.2
"""Share of what the recipe leaves to perfection that an edit must bring at least. Own: of an error
of 10 %, 2 %."""

NOTHING = 0.05
"""Skill below which a network has learned nothing: an edit that ends there helps nobody."""

TIMES_NOISE = 2.0
"""Standard errors of the paired gain, over seeds, that it must exceed."""

SUSPICIOUS = 0.8
"""Likelihood from which on the mean gain is enough: that of some faults depends on the seed."""

NEAR = 0.7
"""Share of the best gain from which on a gain counts as the same: then the likelier cause is first.
Seeds and the short training's length move gains by as much."""


@dataclass(frozen=True)
class Effect:
    """What an edit did in short trainings with paired seeds.

    Args:
        before, after: mean skill (0: a constant answer, 1: perfect) without and with it.
        gains: the gain for each seed.
        error: standard error of a skill by the number of validation samples.
        likelihood: how likely the part was the cause before anything was tried, 0 to 1.
    """

    before: float
    after: float
    gains: tuple[float, ...]
    error: float
    likelihood: float

    @property
    def gain(self) -> float:
        return fmean(self.gains)

    @property
    def needed(self) -> float:
        """The gain from which on it is a cause."""
        by_suspicion = LEAST + (MOST - LEAST) * (1 - self.likelihood) ** 2
        return max(by_suspicion, SHARE * (1 - self.before), self.error)

    @property
    def noise(self) -> float:
        """Standard error of the gain over the seeds; 0 with one seed, which says nothing."""
        count = len(self.gains)
        return stdev(self.gains) / math.sqrt(count) if count > 1 else 0.0

    @property
    def helps(self) -> bool:
        """Whether it is a cause."""
        if self.after < max(NOTHING, self.error):
            return False
        if self.likelihood >= SUSPICIOUS:
            return self.gain >= self.needed and self.gain > self.noise
        steady = min(self.gains) > 0 and self.gain > TIMES_NOISE * self.noise
        return steady and self.gain >= self.needed

    @property
    def promising(self) -> bool:
        """Whether one training more is worth it, judged by few seeds."""
        return self.gain >= self.needed / 2


def first_to_last(effects: dict[str, Effect]) -> list[str]:
    """Return the edits that help, the likeliest cause first.

    Those whose gain is near the best are ordered by likelihood, the others follow by gain.
    """
    helping = {name: effect for name, effect in effects.items() if effect.helps}
    best = max((effect.gain for effect in helping.values()), default=0.0)

    def place(name: str) -> tuple[bool, float]:
        effect = helping[name]
        near = effect.gain >= NEAR * best
        return (not near, -effect.likelihood if near else -effect.gain)

    return sorted(helping, key=place)
