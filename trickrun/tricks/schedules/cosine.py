from __future__ import annotations

import math
from typing import Literal

from trickrun.tricks.schedules._schedule import LOW, Floor, Span, WarmedUp


class Cosine(WarmedUp):
    """Let the learning rate fall along half a cosine to (nearly) zero at the end of the run.

    Formula: lr(t) = lr * (floor + (1 - floor) * (1 + cos(pi * t / T)) / 2).
    When: a run of known length; the usual choice today.
    Defaults: floor 0, no restarts, as in most training scripts.
    Source: Loshchilov & Hutter 2017, SGDR, arXiv:1608.03983.
    """

    kind: Literal["cosine"] = "cosine"
    floor: Floor = 0.0

    @property
    def ends_low(self) -> bool:
        return self.floor < LOW

    def decay(self, step: int, span: Span) -> float:
        wave = (1 + math.cos(math.pi * min(step / span.steps, 1.0))) / 2
        return self.floor + (1 - self.floor) * wave
