from __future__ import annotations

from typing import Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.schedules._schedule import Floor, Span, WarmedUp


class WSD(WarmedUp):
    """Warm up, stay, and fall only at the end of the run.

    Formula: lr(t) = lr until its last part begins; then lr * (1 - (1 - floor) * sqrt(s)), or s for
        shape linear, where s goes from 0 to 1 over that part.
    When: long runs whose length is not settled: one stable run can be decayed from any point, where
        cosine must know its end from the start.
    Defaults: a last tenth and the 1-sqrt fall, which was best in the second paper; a warm-up of a
        twentieth.
    Source: Hu et al. 2024, MiniCPM, arXiv:2404.06395; Hägele et al. 2024, Scaling Laws and Compute-
        Optimal Training Beyond Fixed Training Durations, arXiv:2405.18392.
    """

    kind: Literal["wsd"] = "wsd"
    warmup: float = Field(
        default=0.05,
        ge=0,
        description="below 1: share of the run's steps; 1 or more: number of steps",
    )
    last: Probability = Field(default=0.1, description="share of the run in which lr falls")
    shape: Literal["sqrt", "linear"] = Field(default="sqrt", description="of the fall")
    floor: Floor = 0.0

    def decay(self, step: int, span: Span) -> float:
        falling = self.last * span.steps
        share = (step - (span.steps - falling)) / falling if falling > 0 else 0.0
        share = min(max(share, 0.0), 1.0)
        return 1 - (1 - self.floor) * (share**0.5 if self.shape == "sqrt" else share)
