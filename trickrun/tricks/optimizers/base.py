"""What every optimizer shares: a learning rate, its schedule, and gradient clipping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from trickrun.params import NonNegative, Params, Positive, Stackable
from trickrun.tricks.clipping import Clip
from trickrun.tricks.schedules import AnySchedule, Constant

if TYPE_CHECKING:
    import torch

LearningRate = Annotated[
    Positive, Stackable(), Field(description="size of a step; what the schedule scales")
]
WeightDecay = Annotated[
    NonNegative, Stackable(), Field(description="times the weights, added to the gradient")
]
Epsilon = Annotated[Positive, Stackable(), Field(description="keeps the division finite")]


class Optimizer(Params):
    """Parameters that every optimizer takes beside its own."""

    lr: LearningRate = 1e-3
    schedule: Annotated[AnySchedule, Stackable()] = Field(
        default=Constant(), description="the lr over the run's steps"
    )
    clip: Annotated[Clip, Stackable()] | None = Field(
        default=None, description="bounds on the gradient"
    )

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        """Return the torch optimizer over parameter ``groups`` (as torch.optim takes them).

        Args:
            groups: each a mapping with ``params``, and whatever it sets apart from the others.
            folder: the recipe's folder, where user code is looked for first.
        """
        raise NotImplementedError
