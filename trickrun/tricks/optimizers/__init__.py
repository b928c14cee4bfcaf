"""The optimizers that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.base import Optimizer
from trickrun.tricks.optimizers.sgd import SGD

AnyOptimizer = Annotated[SGD | Adam, Field(discriminator="kind")]

__all__ = ["SGD", "Adam", "AnyOptimizer", "Optimizer"]
