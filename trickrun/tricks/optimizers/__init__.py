"""The optimizers that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.optimizers.adadelta import Adadelta
from trickrun.tricks.optimizers.adagrad import Adagrad
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.adamw import AdamW
from trickrun.tricks.optimizers.base import Optimizer
from trickrun.tricks.optimizers.python import PythonOptimizer
from trickrun.tricks.optimizers.rmsprop import RMSprop
from trickrun.tricks.optimizers.sgd import SGD

AnyOptimizer = Annotated[
    SGD | Adagrad | Adadelta | RMSprop | Adam | AdamW | PythonOptimizer,
    Field(discriminator="kind"),
]

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "AnyOptimizer",
    "Optimizer",
    "PythonOptimizer",
    "RMSprop",
]
