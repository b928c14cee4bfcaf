"""How sure a diagnosis is of its first cause: the share of the time that such a cause is right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Standpoint:
    """What speaks for a first cause.

    Args:
        certain: whether it is wrong by construction.
        confirmed: whether training with its edit helped.
        closes: share of the distance to what can be reached that its edit closes, 0 to 1.
        rival: the best gain of an edit to another part, as a share of its own gain; 0 if there is
            none.
        likelihood: how likely its part was the cause before anything was tried; else the
            confidence of the rule that found it.
        several: whether its edit changes several parts at once.
    """

    certain: bool
    confirmed: bool
    closes: float
    rival: float
    likelihood: float
    several: bool

    @property
    def numbers(self) -> dict[str, float]:
        """What the confidence is made of, by name."""
        return {
            "one": 1.0,
            "certain": float(self.certain),
            "confirmed": float(self.confirmed),
            "closes": min(max(self.closes, 0.0), 1.0),
            "rival": min(max(self.rival, 0.0), 1.0),
            "likelihood": self.likelihood,
            "several": float(self.several),
        }


TRIED: Mapping[str, float] = {
    "one": 0.0, "certain": 1.0, "confirmed": 1.0, "closes": 1.0, "rival": -1.0,
    "likelihood": 0.0, "several": 0.0,
}  # fmt: skip
"""Weights where edits were tried: a logistic regression of ``benchmarks.faults.calibrate`` on the
development halves of both fault benchmarks."""

UNTRIED: Mapping[str, float] = {"one": 0.0, "certain": 1.0, "likelihood": 1.0}
"""Weights where none was, of the same regression."""

UNDECIDED = 0.5
"""Confidence below which two causes are named instead of one."""


def confidence(of: Standpoint, weights: Mapping[str, float]) -> float:
    """Return the probability of a logistic model with ``weights``; a number without one counts for
    nothing."""
    return 1 / (1 + math.exp(-sum(of.numbers[name] * weight for name, weight in weights.items())))
