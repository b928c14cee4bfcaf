"""The optimizers that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.optimizers._optimizer import OPTIMIZERS, AnyOptimizer, Decaying, Optimizer

__all__ = ["OPTIMIZERS", "AnyOptimizer", "Decaying", "Optimizer"]
