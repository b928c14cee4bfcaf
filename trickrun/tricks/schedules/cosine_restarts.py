from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from trickrun.params import Count, Positive
from trickrun.tricks.schedules._schedule import Floor, Span, WarmedUp


class CosineRestarts(WarmedUp):
    """Let the learning rate fall along half a cosine several times, each time from the top.

    Formula: lr(t) = lr * (floor + (1 - floor) * (1 + cos(pi * t_i / T_i)) / 2), with t_i counted
        from the last restart and T_i = stretch * T_(i-1); all T_i together are the run.
    When: to have a good network at the end of each cycle: an ensemble of snapshots, or a run that
        may be stopped at any of them. For one network at the end cosine is as good.
    Defaults: 3 cycles, each twice as long as the one before, as in the paper.
    Interactions: early stopping with a patience shorter than a cycle ends the run soon after a
        restart, where the loss rises for a while.
    Source: Loshchilov & Hutter 2017, SGDR, arXiv:1608.03983;
        torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.
    """

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    cycles: Count = Field(default=3, description="number of falls in the run")
    stretch: Positive = Field(default=2.0, description="length of a cycle over the one before")
    floor: Floor = 0.0

    def decay(self, step: int, span: Span) -> float:
        share = self.fallen(min(step / span.steps, 1.0))
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * share)) / 2

    def fallen(self, time: float) -> float:
        """Return how much of its cycle is over at ``time``, a share of the run."""
        weights = [self.stretch**cycle for cycle in range(self.cycles)]
        start = 0.0
        for weight in weights:
            length = weight / sum(weights)
            if time < start + length:
                return (time - start) / length
            start += length
        return 1.0
