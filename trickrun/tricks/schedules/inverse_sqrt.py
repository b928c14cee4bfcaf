from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Count
from trickrun.tricks.schedules._schedule import Span, WarmedUp


class InverseSqrt(WarmedUp):
    """Let the learning rate fall with the square root of the steps, with no end in sight.

    Formula: lr(t) = lr * sqrt(T / (T + t)), t counted from the end of the warm-up.
    When: transformers, and runs that may be stopped or prolonged at any time.
    Defaults: timescale T = 1000 steps.
    Interactions: the schedule of the transformer paper is warmup: N with timescale: N.
    Source: Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762; the timescale: Zhai
        et al. 2022, Scaling Vision Transformers, arXiv:2106.04560.
    """

    main: ClassVar[str | None] = "timescale"

    kind: Literal["inverse_sqrt"] = "inverse_sqrt"
    timescale: Count = Field(default=1000, description="steps after which lr begins to fall")

    def decay(self, step: int, span: Span) -> float:
        return math.sqrt(self.timescale / (self.timescale + step))
