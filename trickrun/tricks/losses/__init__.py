"""The losses that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.losses._base import LOSSES, AnyLoss, Loss, LossFunction
from trickrun.tricks.losses._constant import ConstantLoss

__all__ = ["LOSSES", "AnyLoss", "ConstantLoss", "Loss", "LossFunction"]
