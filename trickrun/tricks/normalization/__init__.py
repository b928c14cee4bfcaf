"""The normalization layers that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.normalization.base import Normalization
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.normalization.none import NoNormalization

AnyNormalization = Annotated[NoNormalization | Batch, Field(discriminator="kind")]

__all__ = ["AnyNormalization", "Batch", "NoNormalization", "Normalization"]
