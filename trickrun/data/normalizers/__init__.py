"""The ways to normalize inputs that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.data.normalizers._normalizer import NORMALIZERS, AnyNormalize, Normalize, Scaler

__all__ = ["NORMALIZERS", "AnyNormalize", "Normalize", "Scaler"]
