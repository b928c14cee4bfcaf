"""What every optimizer shares: a learning rate, its schedule, and gradient clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from trickrun.params import Params, Positive, Stackable
from trickrun.tricks.clipping import Clip
from trickrun.tricks.schedules import AnySchedule, Constant

if TYPE_CHECKING:
    import torch

LearningRate = Annotated[Positive, Stackable()]


class Optimizer(Params):
    """Parameters that every optimizer takes beside its own."""

    lr: LearningRate = 1e-3
    schedule: AnySchedule = Field(default=Constant(), description="the lr over the run's steps")
    clip: Clip | None = Field(default=None, description="bounds on the gradient")

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Return the torch optimizer over parameter ``groups`` (as torch.optim takes them)."""
        raise NotImplementedError
