"""The augmentations that a recipe can list, a file each, in the order in which they act."""

from __future__ import annotations

from trickrun.tricks.augmentation._augmentation import (
    AUGMENTATIONS,
    AnyAugmentation,
    Augment,
    Augmentation,
    Stage,
)

__all__ = ["AUGMENTATIONS", "AnyAugmentation", "Augment", "Augmentation", "Stage"]
