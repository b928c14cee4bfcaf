"""The losses that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.base import Loss, LossFunction
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.mse import MSE

AnyLoss = Annotated[AutoLoss | CrossEntropy | MSE, Field(discriminator="kind")]

__all__ = ["MSE", "AnyLoss", "AutoLoss", "CrossEntropy", "Loss", "LossFunction"]
