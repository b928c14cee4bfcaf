"""What metrics of several 0/1 labels a sample share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def decided(scores: torch.Tensor) -> torch.Tensor:
    """Return the labels [N, labels] that probabilities say, 0 or 1 in their type: above 1/2 is 1.

    NaN, which a diverged network gives, is no label: it stays NaN and equals none.
    """
    return (scores > 0.5).to(scores).where(~scores.isnan(), scores)


def f1(right: torch.Tensor, mentioned: torch.Tensor) -> torch.Tensor:
    """Return 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0, as in scikit-learn.

    Args:
        right: TP.
        mentioned: 2 TP + FP + FN.
    """
    return 2 * right / mentioned.where(mentioned > 0, mentioned.new_ones(()))


def hits(
    scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return of each label [labels] its TP and its 2 TP + FP + FN.

    Args:
        scores: probabilities [N, labels].
        target: labels [N, labels], 0 or 1.
        weight: of each sample [N]; None: all count alike.
    """
    guess, truth = decided(scores).double(), target.double()
    right, mentioned = guess * truth, guess + truth
    if weight is None:
        return right.sum(0), mentioned.sum(0)
    weight = weight.to(right)
    return weight @ right, weight @ mentioned
