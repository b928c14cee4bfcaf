"""What always giving the same answer scores: the bar that anything learned must pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

SURE = 3.0
"""Standard deviations of what chance does that a lead must exceed: once in 740 by a normal one."""


@dataclass(frozen=True)
class Constant:
    """What the training part's best constant answer scores on some samples.

    Args:
        loss: its mean loss.
        chance: the lead in loss that chance gives an answer that knows nothing, at one standard
            deviation; see ``training.constant.chance_of``.
        samples: how many answers were scored; of weighted ones, as many as they are worth.
        accuracy: the share of classes or labels that the most frequent one gets right; None for
            values.
    """

    loss: float
    chance: float
    samples: float
    accuracy: float | None = None

    def lead(self, tries: int = 1) -> float:
        """Return by how much a loss must lie below the constant's to be more than chance.

        The lead of chance grows with the square of the deviations. The best of ``tries`` reaches
        z² + 2 ln(tries) as often as one reaches z².
        """
        return squared(tries) * self.chance

    def accuracy_lead(self, tries: int = 1) -> float:
        """Return by how much an accuracy must lie above the constant's to be more than chance."""
        share = self.accuracy or 0.0
        error = math.sqrt(share * (1 - share) / self.samples)
        # One sample more or less is always possible.
        return math.sqrt(squared(tries)) * max(error, 1 / self.samples)

    def beaten(self, loss: float, accuracy: float | None = None, tries: int = 1) -> bool:
        """Return whether a loss is lower, or an accuracy higher, by more than chance.

        One is enough: where classes are rare a network may know much and never answer with them;
        and one that is too sure of its errors may answer well at a high loss.
        """
        if self.loss - loss > self.lead(tries):
            return True
        if accuracy is None or self.accuracy is None:
            return False
        return accuracy - self.accuracy > self.accuracy_lead(tries)

    def can_tell(self, floor: float = 0.0) -> bool:
        """Return whether there are enough samples to tell a network that has learned half of what
        there is to learn from one that has learned nothing.

        Args:
            floor: the loss of a perfect network.
        """
        return self.lead() < (self.loss - floor) / 2


def squared(tries: int) -> float:
    """Return the squared standard deviations that the best of ``tries`` must exceed."""
    return SURE**2 + 2 * math.log(max(tries, 1))
