"""Missing values of a table: what stands in for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch


def medians(x: torch.Tensor, features: Sequence[str], where: str) -> torch.Tensor:
    """Return the median [features] of the values of inputs [N, features] that are not NaN.

    Of an even number of values it is the lower of the two in the middle. Raises DataError if a
    feature has no value.
    """
    found = x.nanmedian(dim=0).values
    for feature, empty in zip(features, found.isnan().tolist(), strict=True):
        if empty:
            raise DataError(
                f"column {feature!r} has no value in the training split",
                where,
                f"leave it out (data.drop: [{feature}])",
            )
    return found


def filled(x: torch.Tensor, fills: torch.Tensor) -> torch.Tensor:
    """Return inputs [N, features] with ``fills`` [features] for their NaNs."""
    return x.where(~x.isnan(), fills)
