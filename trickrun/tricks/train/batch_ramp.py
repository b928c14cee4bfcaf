from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Params, Probability
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.schedules._schedule import Span


class BatchRamp(Params):
    """Begin with small batches and let them grow to data.batch_size.

    Formula: B(t) = B * (start + (1 - start) * t / (until * T)) for linear; for double it is
        B * start and doubles at equal distances; from until * T on it is B.
    When: large batches, whose first steps need no exact gradient: small ones are cheaper, and their
        noise does what a high learning rate does. Instead of lowering the rate one may raise B.
    Defaults: from a quarter, over the first half of the run, in a line.
    Interactions: a run keeps its number of steps, so that schedules mean the same: a step takes the
        first B(t) samples of its batch, and the others wait for another epoch. No batch is smaller
        than 2.
    Source: Smith et al. 2018, Don't Decay the Learning Rate, Increase the Batch Size,
        arXiv:1711.00489; Brown et al. 2020, GPT-3, arXiv:2005.14165, appendix B.
    """

    main: ClassVar[str | None] = "start"

    kind: ClassVar[Literal["batch_ramp"]] = "batch_ramp"
    start: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.25, description="the first batches' share of data.batch_size"
    )
    until: Probability = Field(
        default=0.5, description="share of the run after which batches are whole"
    )
    shape: Literal["linear", "double"] = Field(default="linear", description="how they grow")

    @property
    def trains_alone(self) -> bool:
        """Trials of a stack may differ in their length, and so would their batches."""
        return True

    def size(self, whole: int, step: int, span: Span) -> int:
        """Return how many of a batch's ``whole`` samples training step ``step`` (from 0) takes."""
        time = step / (self.until * span.steps) if self.until > 0 else 1.0
        if time >= 1:
            return whole
        if self.shape == "linear":
            share = self.start + (1 - self.start) * time
        else:
            share = self.start * 2 ** math.floor(-math.log2(self.start) * time)
        return min(max(round(share * whole), 2), whole)

    def ledger_entry(self, batch_size: int) -> LedgerEntry:
        """Return the ledger's line; a batch that is as small at the start as later is none."""
        first = self.size(batch_size, 0, Span(10**9, 1))
        what = f"batches of {first} growing to {batch_size}"
        return LedgerEntry("train", self.kind, what, int(first < batch_size))
