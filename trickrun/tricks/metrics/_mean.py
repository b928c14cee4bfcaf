"""The mean over samples, which their weights may count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def mean(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Return the mean of values or truths [N, ...] in float64, a scalar.

    Args:
        weight: of each sample [N]; None: all count alike.
    """
    values = values.double()
    return values.mean() if weight is None else column_means(values, weight).mean()


def column_means(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Return the means [M] over the samples of values [N, M] or [N] in float64; see ``mean``."""
    if weight is None:
        return values.mean(dim=0)
    weight = weight.to(values)
    return (weight @ values.reshape(len(values), -1)) / weight.sum()
