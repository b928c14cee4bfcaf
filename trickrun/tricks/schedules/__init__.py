"""The learning rate schedules that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.schedules.accumulate import Accumulate
from trickrun.tricks.schedules.base import Schedule, Span
from trickrun.tricks.schedules.batch_ramp import BatchRamp
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.schedules.cosine import Cosine
from trickrun.tricks.schedules.cosine_restarts import CosineRestarts
from trickrun.tricks.schedules.exponential import Exponential
from trickrun.tricks.schedules.gradual_unfreezing import GradualUnfreezing
from trickrun.tricks.schedules.inverse_sqrt import InverseSqrt
from trickrun.tricks.schedules.linear import Linear
from trickrun.tricks.schedules.lr_range import LRRange
from trickrun.tricks.schedules.one_cycle import OneCycle
from trickrun.tricks.schedules.plateau import Plateau
from trickrun.tricks.schedules.polynomial import Polynomial
from trickrun.tricks.schedules.step import Step
from trickrun.tricks.schedules.triangular import Triangular
from trickrun.tricks.schedules.wsd import WSD

AnySchedule = Annotated[
    Constant
    | Step
    | Exponential
    | Linear
    | Polynomial
    | Cosine
    | CosineRestarts
    | WSD
    | Triangular
    | InverseSqrt
    | OneCycle
    | Plateau
    | LRRange,
    Field(discriminator="kind"),
]

__all__ = [
    "WSD",
    "Accumulate",
    "AnySchedule",
    "BatchRamp",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "GradualUnfreezing",
    "InverseSqrt",
    "LRRange",
    "Linear",
    "OneCycle",
    "Plateau",
    "Polynomial",
    "Schedule",
    "Span",
    "Step",
    "Triangular",
]
