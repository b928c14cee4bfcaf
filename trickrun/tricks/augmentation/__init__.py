"""The augmentations that a recipe can list, in the order in which they act."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.augmentation.affine import Affine
from trickrun.tricks.augmentation.base import Augment, Augmentation, Stage
from trickrun.tricks.augmentation.blur import Blur
from trickrun.tricks.augmentation.brightness import Brightness
from trickrun.tricks.augmentation.color_shift import ColorShift
from trickrun.tricks.augmentation.contrast import Contrast
from trickrun.tricks.augmentation.cutout import Cutout
from trickrun.tricks.augmentation.feature_dropout import FeatureDropout
from trickrun.tricks.augmentation.flip import Flip
from trickrun.tricks.augmentation.noise import Noise
from trickrun.tricks.augmentation.python import PythonAugmentation
from trickrun.tricks.augmentation.randaugment import RandAugment
from trickrun.tricks.augmentation.random_crop import RandomCrop
from trickrun.tricks.augmentation.random_erasing import RandomErasing
from trickrun.tricks.augmentation.resized_crop import ResizedCrop
from trickrun.tricks.augmentation.rotate import Rotate
from trickrun.tricks.augmentation.saturation import Saturation
from trickrun.tricks.augmentation.scale import Scale
from trickrun.tricks.augmentation.shear import Shear
from trickrun.tricks.augmentation.shift import Shift
from trickrun.tricks.augmentation.token_dropout import TokenDropout
from trickrun.tricks.augmentation.trivialaugment import TrivialAugment

AnyAugmentation = Annotated[
    Flip
    | Shift
    | RandomCrop
    | ResizedCrop
    | Rotate
    | Scale
    | Shear
    | Affine
    | ColorShift
    | Brightness
    | Contrast
    | Saturation
    | Blur
    | Cutout
    | RandomErasing
    | RandAugment
    | TrivialAugment
    | Noise
    | FeatureDropout
    | TokenDropout
    | PythonAugmentation,
    Field(discriminator="kind"),
]

__all__ = [
    "Affine",
    "AnyAugmentation",
    "Augment",
    "Augmentation",
    "Blur",
    "Brightness",
    "ColorShift",
    "Contrast",
    "Cutout",
    "FeatureDropout",
    "Flip",
    "Noise",
    "PythonAugmentation",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "ResizedCrop",
    "Rotate",
    "Saturation",
    "Scale",
    "Shear",
    "Shift",
    "Stage",
    "TokenDropout",
    "TrivialAugment",
]
