"""The augmentations that a recipe can list, in the order in which they act."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.augmentation.base import Augmentation
from trickrun.tricks.augmentation.noise import Noise

AnyAugmentation = Annotated[Noise, Field(discriminator="kind")]

__all__ = ["AnyAugmentation", "Augmentation", "Noise"]
