"""The augmentations that a recipe can list, in the order in which they act."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.augmentation.base import Augment, Augmentation, Stage
from trickrun.tricks.augmentation.flip import Flip
from trickrun.tricks.augmentation.noise import Noise
from trickrun.tricks.augmentation.python import PythonAugmentation
from trickrun.tricks.augmentation.shift import Shift

AnyAugmentation = Annotated[Flip | Shift | Noise | PythonAugmentation, Field(discriminator="kind")]

__all__ = [
    "AnyAugmentation",
    "Augment",
    "Augmentation",
    "Flip",
    "Noise",
    "PythonAugmentation",
    "Shift",
    "Stage",
]
