from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trickrun.params import Count, Params


class Accumulate(Params):
    """Add up the gradients of several batches and take one step with their sum.

    Formula: g = sum over the batches of sum over their samples of the loss's gradient, divided by
        the number of samples (or weights) of all batches; then one step.
    When: a batch of the size that you want does not fit into memory.
    Defaults: 4; choose as many as make data.batch_size the size wanted. 1 is off.
    Interactions: the step is that of one batch of batches * data.batch_size samples; epochs have so
        many fewer steps, and schedules count those. Augmentation and mixup act on all of them
        together. Batch norm still sees each batch by itself, so there it is not the same.
    Source: Ott et al. 2018, Scaling Neural Machine Translation, arXiv:1806.00187.
    """

    main: ClassVar[str | None] = "batches"

    kind: ClassVar[Literal["accumulate"]] = "accumulate"
    batches: Count = Field(default=4, description="batches that make one step")

    @property
    def trains_alone(self) -> bool:
        """A stacked step is one batch."""
        return self.batches > 1
