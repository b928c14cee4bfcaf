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
        likelihood: how likely its part was the cause before anything was tried; else the
            confidence of the rule that found it.
        told: whether a rule found it, and not only an edit that helped.
        own_network: whether the network is the user's code, of which less is known.
    """

    certain: bool
    confirmed: bool
    closes: float
    likelihood: float
    told: bool
    own_network: bool

    @property
    def numbers(self) -> dict[str, float]:
        """What the confidence is made of, by name."""
        return {
            "one": 1.0,
            "certain": float(self.certain),
            "confirmed": float(self.confirmed),
            "closes": min(max(self.closes, 0.0), 1.0),
            "likelihood": self.likelihood,
            "told": float(self.told),
            "own_network": float(self.own_network),
        }


TRIED: Mapping[str, float] = {
    "one": 0.49,
    "closes": 0.96,
    "likelihood": 0.68,
    "told": 1.01,
    "own_network": -1.03,
}
"""Weights where edits were tried: a ridge-penalized logistic regression (C = 1) on 223 first errors
in the development halves of both fault benchmarks, 19 of them wrong. Whether it is wrong by
construction, how well the best edit of another part does, and whether several parts are replaced
added nothing.

On programs that no rule was tuned on (``benchmarks.faults.outside.calibration``, 55 of 114
diagnosed) 50 of 53 first errors were right (94 %; Wilson 85 to 98 %) where 93 % were stated.
Platt's correction on them (slope 1.29, shift -0.62) foretold what was left out of it worse than
these weights do (log loss 0.227 and 0.200), so there is none."""

UNTRIED: Mapping[str, float] = {"one": -0.49, "certain": 1.05, "likelihood": 1.25}
"""Weights where none was: the same on 95 first errors there. On the calibration set's diagnoses
with their edits taken away, 31 of 45 were right (69 %; 54 to 80 %) where 74 % were stated. These
lack the search for what keeps a batch from being fitted, which a diagnosis without edits makes, so
they correct nothing."""

UNDECIDED = 0.5
"""Confidence below which two causes are named instead of one."""


def confidence(of: Standpoint, weights: Mapping[str, float]) -> float:
    """Return the probability of a logistic model with ``weights``; a number without one counts for
    nothing."""
    return 1 / (1 + math.exp(-sum(of.numbers[name] * weight for name, weight in weights.items())))
