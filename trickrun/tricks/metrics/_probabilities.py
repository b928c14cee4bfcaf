"""What metrics of probabilities share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.tricks.metrics._mean import mean

if TYPE_CHECKING:
    import torch

SUMS_TO_ONE = 1e-3
"""How far a row of probabilities is from a sum of 1 at most, in half precision and better."""


def mean_surprise(
    scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
) -> float:
    """Return mean(-log p) of the right classes in nats; NaN if scores are no probabilities.

    Args:
        scores: [N, classes].
        target: class indices [N].
        weight: of each sample [N]; None: all count alike.
    """
    off = (scores.sum(1) - 1).abs().max()
    if off > SUMS_TO_ONE or scores.min() < 0:
        return float("nan")
    right = scores.gather(1, target[:, None]).double()
    # A float32 softmax rounds what is less likely than this to 0.
    return float(mean(-right.clamp(min=1e-45).log(), weight))
