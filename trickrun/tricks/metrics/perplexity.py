from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._metric import Metric
from trickrun.tricks.metrics._probabilities import mean_surprise

if TYPE_CHECKING:
    import torch


LARGEST = 700.0
"""Exponents beyond this are no float64 any more."""


class Perplexity(Metric):
    """How many equally likely answers a network is as unsure as: 1 is certain and right.

    Formula: exp(mean(-log p(y))).
    When: language models; a network that knows nothing has the number of classes.
    Defaults: none. It needs probabilities: cross_entropy, nll or bce; otherwise it is NaN.
    Source: Jelinek et al. 1977, Perplexity: a measure of the difficulty of speech recognition.
    """

    kind: Literal["perplexity"] = "perplexity"
    higher_is_better: ClassVar[bool | None] = False

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        return math.exp(min(mean_surprise(scores, target, weight), LARGEST))
