from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.tricks.regularizers._averaging import Averaging
from trickrun.tricks.schedules._schedule import Span


class EMA(Averaging):
    """Evaluate with an exponential moving average of the weights.

    Formula: a <- d * a + (1 - d) * w after each step t, with d = min(decay, (1 + t) / (10 + t)).
    When: nearly always harmless: it smooths the noise of the last steps away, as a lower learning
        rate would; usual for image generation and semi-supervised learning.
    Defaults: decay 0.999, an average over about 1000 steps; the smaller d of the first steps keeps
        the random start out of short runs.
    Interactions: training continues with w; validation, the best epoch and its checkpoint use a.
        Batch norm's running statistics are averaged alike.
    Source: Polyak & Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; d as in
        tf.train.ExponentialMovingAverage.
    """

    main: ClassVar[str | None] = "decay"

    kind: ClassVar[Literal["ema"]] = "ema"
    decay: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.999, description="share of the old average that stays at each step; 0 is off"
    )

    @property
    def off(self) -> bool:
        return self.decay == 0

    def share(self, steps: int, count: int, span: Span) -> float:
        return 1 - min(self.decay, (1 + steps) / (10 + steps))
