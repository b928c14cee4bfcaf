from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.schedules._schedule import Schedule, Span

AtLeastOne = Annotated[float, Field(ge=1)]


class OneCycle(Schedule):
    """Let the learning rate rise to its peak, then fall far below where it began.

    Formula: lr / div rises to lr over pct_start of the run, then falls to lr / (div * final_div),
        both along half a cosine.
    When: short runs with a high learning rate; lr is the peak, so take it near the largest that
        still trains (lr-find).
    Defaults: PyTorch's; with final_div 1e4 the run ends with practically nothing.
    Interactions: only the learning rate moves. The paper lets the momentum fall and rise the other
        way; here it stays as the optimizer sets it.
    Source: Smith & Topin 2019, Super-Convergence, arXiv:1708.07120;
        torch.optim.lr_scheduler.OneCycleLR.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    pct_start: Probability = Field(default=0.3, description="share of the run in which lr rises")
    div: AtLeastOne = Field(default=25.0, description="the peak divided by where lr starts")
    final_div: AtLeastOne = Field(default=1e4, description="where lr starts divided by its end")
    anneal: Literal["cosine", "linear"] = Field(default="cosine", description="shape of both parts")

    @property
    def lr_is(self) -> str:
        return "the peak of the cycle"

    @property
    def ends_low(self) -> bool:
        return True

    def lr(self, base: float, step: int, span: Span) -> float:
        low, last = base / self.div, span.steps - 1
        peak = min(max(self.pct_start * span.steps - 1, 0.0), last)
        if step < peak:
            return self.between(low, base, step / peak)
        # A run of one step, or a peak at the very end, has nothing left to fall over.
        fallen = min((step - peak) / (last - peak), 1.0) if last > peak else 0.0
        return self.between(base, low / self.final_div, fallen)

    def between(self, start: float, end: float, share: float) -> float:
        """Return the value after ``share`` (0 to 1) of the way from ``start`` to ``end``."""
        if self.anneal == "cosine":
            share = (1 - math.cos(math.pi * share)) / 2
        return start + (end - start) * share
