"""The normalization layers that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.normalization._normalization import (
    NORMALIZATIONS,
    AnyNormalization,
    Normalization,
)

__all__ = ["NORMALIZATIONS", "AnyNormalization", "Normalization"]
