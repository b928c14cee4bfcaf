from __future__ import annotations

from typing import Literal

from trickrun.tricks.schedules._schedule import Span, WarmedUp


class Constant(WarmedUp):
    """Keep the learning rate as it is.

    Formula: lr(t) = lr.
    When: while looking for what works; add a decay for the last bit of quality.
    Defaults: no warm-up.
    Source: none.
    """

    kind: Literal["constant"] = "constant"

    @property
    def lr_is(self) -> str:
        return "the whole run"

    def decay(self, step: int, span: Span) -> float:
        return 1.0

    def lr(self, base: float, step: int, span: Span) -> float:
        return super().lr(base, step, span) if self.warmup else base
