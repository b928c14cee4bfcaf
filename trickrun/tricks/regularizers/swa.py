from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Count
from trickrun.tricks.regularizers._averaging import Averaging
from trickrun.tricks.schedules._schedule import Span


class SWA(Averaging):
    """Evaluate with the plain mean of the weights at the ends of the last epochs.

    Formula: a <- a + (w - a) / (n + 1) for the n-th time, after every epoch of the run's last part.
    When: the end of a long training with a learning rate that stays high, which circles around a
        wide minimum.
    Defaults: the last quarter of the run, once per epoch, as in the paper.
    Interactions: give it a schedule that does not fall to 0 there: constant, or step. Before its
        start evaluation has the weights themselves. Batch norm's statistics are computed again from
        the training data before each evaluation.
    Source: Izmailov et al. 2018, Averaging Weights Leads to Wider Optima, arXiv:1803.05407.
    """

    recalibrates: ClassVar[bool] = True

    main: ClassVar[str | None] = "start"

    kind: ClassVar[Literal["swa"]] = "swa"
    start: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.75, description="share of the run after which averaging begins"
    )
    every: Count | None = Field(
        default=None, description="steps between the weights that are averaged; null: one epoch"
    )

    @property
    def off(self) -> bool:
        return False

    def share(self, steps: int, count: int, span: Span) -> float | None:
        every = self.every or span.per_epoch
        last = steps == span.steps and count == 0
        if steps <= self.start * span.steps or (steps % every and not last):
            return None
        return 1 / (count + 1)
