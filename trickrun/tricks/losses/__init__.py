"""The losses that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.base import Loss, LossFunction
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL
from trickrun.tricks.losses.python import PythonLoss

AnyLoss = Annotated[
    AutoLoss | CrossEntropy | BCE | NLL | Hinge | MSE | MAE | Huber | PythonLoss,
    Field(discriminator="kind"),
]

__all__ = [
    "BCE",
    "MAE",
    "MSE",
    "NLL",
    "AnyLoss",
    "AutoLoss",
    "CrossEntropy",
    "Hinge",
    "Huber",
    "Loss",
    "LossFunction",
    "PythonLoss",
]
