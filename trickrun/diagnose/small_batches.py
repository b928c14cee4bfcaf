"""What replaces batch norm where batches are too small for it."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any

MOST_GROUPS = 8
"""The usual number of groups, as far as it divides the widths."""


def without_batch(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normalization that suits ``model``, as in the recipe, and takes no batch.

    Groups for convolutions, as many as divide every hidden layer; layer norm where none do.
    """
    if "channels" not in model:
        return {"kind": "layer"}
    hidden = model.get("hidden") or ()
    common = gcd(*model["channels"], *hidden)
    # A fully connected layer with a group for each unit would put out zeros.
    most = min([MOST_GROUPS, *(units - 1 for units in hidden)])
    groups = max((n for n in range(1, most + 1) if common % n == 0), default=1)
    return {"kind": "group", "groups": groups} if groups > 1 else {"kind": "layer"}
