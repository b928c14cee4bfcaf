from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.tricks.metrics._metric import Metric
from trickrun.tricks.metrics._probabilities import mean_surprise

if TYPE_CHECKING:
    import torch


class BitsPerToken(Metric):
    """How many bits an answer costs: of text by characters, the bits per character.

    Formula: mean(-log2 p(y)), the logarithm of the perplexity.
    When: models of characters, which are compared by it.
    Defaults: none. It needs probabilities: cross_entropy, nll or bce; otherwise it is NaN.
    Source: Shannon 1951, Prediction and Entropy of Printed English.
    """

    kind: Literal["bits_per_token"] = "bits_per_token"
    higher_is_better: ClassVar[bool | None] = False

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        return mean_surprise(scores, target, weight) / math.log(2)
