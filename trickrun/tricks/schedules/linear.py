from __future__ import annotations

from typing import Literal

from trickrun.tricks.schedules._schedule import LOW, Floor, Span, WarmedUp


class Linear(WarmedUp):
    """Let the learning rate fall in a straight line to (nearly) zero at the end of the run.

    Formula: lr(t) = lr * (1 - (1 - floor) * t / T).
    When: fine-tuning and short runs of known length, mostly after a warm-up.
    Defaults: floor 0.
    Source: Devlin et al. 2019, BERT, arXiv:1810.04805; torch.optim.lr_scheduler.LinearLR.
    """

    kind: Literal["linear"] = "linear"
    floor: Floor = 0.0

    @property
    def ends_low(self) -> bool:
        return self.floor < LOW

    def decay(self, step: int, span: Span) -> float:
        return 1 - (1 - self.floor) * min(step / span.steps, 1.0)
