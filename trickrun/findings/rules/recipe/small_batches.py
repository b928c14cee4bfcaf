"""What replaces batch norm where batches are too small for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

MOST_GROUPS = 8
"""The usual number of groups, as far as it divides the widths."""


def without_batch(channels: Sequence[int], units: Sequence[int]) -> dict[str, Any]:
    """Return the normalization that suits a network, as in a recipe, and takes no batch.

    Groups for convolutions, as many as divide every hidden layer; layer norm where none do.

    Args:
        channels: of its convolutions; empty if it has none.
        units: of its fully connected hidden layers.
    """
    if not channels:
        return {"kind": "layer"}
    common = gcd(*channels, *units)
    # A fully connected layer with a group for each unit would put out zeros.
    most = min([MOST_GROUPS, *(width - 1 for width in units)])
    groups = max((n for n in range(1, most + 1) if common % n == 0), default=1)
    return {"kind": "group", "groups": groups} if groups > 1 else {"kind": "layer"}
