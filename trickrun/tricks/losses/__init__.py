"""The losses that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.losses._loss import LOSSES, AnyLoss, Loss, LossFunction

__all__ = ["LOSSES", "AnyLoss", "Loss", "LossFunction"]
