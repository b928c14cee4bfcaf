from __future__ import annotations

from typing import Literal

from pydantic import Field

from trickrun.params import Count, Probability
from trickrun.tricks.schedules._schedule import Schedule, Span


class Triangular(Schedule):
    """Let the learning rate rise and fall in straight lines, several times over the run.

    Formula: lr(t) = lr * (floor + (1 - floor) * tri(t)), where tri goes from 0 to 1 and back in
        each cycle; with halve the height above the floor is halved from cycle to cycle.
    When: where two bounds from a range test are known and one rate is not: lr is the upper one.
    Defaults: 4 cycles, floor 1/6: the paper's bounds on CIFAR-10 are 0.001 and 0.006.
    Interactions: with sgd; adaptive optimizers gain little.
    Source: Smith 2017, Cyclical Learning Rates, arXiv:1506.01186 (triangular, triangular2);
        torch.optim.lr_scheduler.CyclicLR.
    """

    kind: Literal["triangular"] = "triangular"
    cycles: Count = Field(default=4, description="number of triangles in the run")
    floor: Probability = Field(default=1 / 6, description="the lower bound as a share of lr")
    halve: bool = Field(default=False, description="half the height from cycle to cycle")

    @property
    def lr_is(self) -> str:
        return "the upper bound of the triangles"

    def lr(self, base: float, step: int, span: Span) -> float:
        cycle, place = divmod(step * self.cycles / span.steps, 1.0)
        height = 1 - abs(2 * place - 1)
        if self.halve:
            height /= 2**cycle
        return base * (self.floor + (1 - self.floor) * height)
