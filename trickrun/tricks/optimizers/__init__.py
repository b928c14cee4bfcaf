"""The optimizers that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.optimizers.adadelta import Adadelta
from trickrun.tricks.optimizers.adafactor import Adafactor
from trickrun.tricks.optimizers.adagrad import Adagrad
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.adamax import Adamax
from trickrun.tricks.optimizers.adamw import AdamW
from trickrun.tricks.optimizers.base import Decaying, Optimizer
from trickrun.tricks.optimizers.layer_decay import LayerDecay
from trickrun.tricks.optimizers.lion import Lion
from trickrun.tricks.optimizers.lookahead import Lookahead
from trickrun.tricks.optimizers.muon import Muon
from trickrun.tricks.optimizers.nadam import NAdam
from trickrun.tricks.optimizers.python import PythonOptimizer
from trickrun.tricks.optimizers.radam import RAdam
from trickrun.tricks.optimizers.rmsprop import RMSprop
from trickrun.tricks.optimizers.sgd import SGD

AnyOptimizer = Annotated[
    SGD
    | Adagrad
    | Adadelta
    | RMSprop
    | Adam
    | AdamW
    | NAdam
    | RAdam
    | Adamax
    | Adafactor
    | Lion
    | Muon
    | PythonOptimizer,
    Field(discriminator="kind"),
]

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AnyOptimizer",
    "Decaying",
    "LayerDecay",
    "Lion",
    "Lookahead",
    "Muon",
    "NAdam",
    "Optimizer",
    "PythonOptimizer",
    "RAdam",
    "RMSprop",
]
