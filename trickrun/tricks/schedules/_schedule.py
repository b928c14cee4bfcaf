"""What every schedule shares: the learning rate is a function of the step, never a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from trickrun.params import KindFolder, Params, Probability
from trickrun.tricks.monitor import Monitor

Floor = Annotated[Probability, Field(description="share of lr that is left at the end")]


LOW = 0.1
"""Share of lr below which the last steps of a run change little. Own."""


@dataclass(frozen=True)
class Span:
    """How long a run is: a schedule spans exactly this.

    Args:
        steps: optimizer steps in the whole run.
        per_epoch: optimizer steps in one pass over the training split.
    """

    steps: int
    per_epoch: int

    @classmethod
    def of(
        cls, samples: int, step_size: int, drop_last: bool, epochs: int, steps: int | None
    ) -> Span:
        """Return the length of a run; an epoch has at least one step.

        Args:
            samples: of the training split.
            step_size: samples of one optimizer step.
            drop_last: an epoch's last, smaller step is left out.
            steps: the whole length, in place of ``epochs``.
        """
        per_epoch = max(samples // step_size if drop_last else -(-samples // step_size), 1)
        return cls(steps or epochs * per_epoch, per_epoch)

    def is_evaluation(self, step: int, every: int) -> bool:
        """Return whether the validation split is evaluated after ``step`` steps, if it is every
        ``every`` steps and at the end."""
        return step % every == 0 or step == self.steps

    def evaluations(self, every: int) -> int:
        """Return how often the run is evaluated."""
        return -(-self.steps // every)


class Schedule(Params):
    """A learning rate over the steps of a run."""

    uses_lr: ClassVar[bool] = True
    """Whether its rates follow from the optimizer's lr; False: they are its own."""

    @property
    def lr_is(self) -> str:
        """What the optimizer's lr is for it, warm-up aside: the end of "use this lr for …"."""
        return f"the start of schedule {self.kind_name}"

    @property
    def ends_low(self) -> bool:
        """Whether the rate falls all the way to less than ``LOW`` of lr, so that the last weights,
        of which an average may be taken, hardly differ."""
        return False

    @property
    def watches(self) -> Monitor | None:
        """What it reads of the evaluations; None: the learning rate depends on the step alone."""
        return None

    def lr(self, base: float, step: int, span: Span) -> float:
        """Return the learning rate at ``step`` (0-based) for an optimizer with lr ``base``."""
        raise NotImplementedError

    def scale(self, base: float, history: Sequence[Mapping[str, float]]) -> float:
        """Return a further factor of an optimizer's lr ``base``, from the evaluations so far.

        The whole history is given each time, so that a resumed run needs no state (see plateau).
        """
        return 1.0


class WarmedUp(Schedule):
    """A schedule that may begin with a linear warm-up; the schedule proper spans what is left."""

    warmup: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="below 1: share of the run's steps; 1 or more: number of steps"
    )

    def decay(self, step: int, span: Span) -> float:
        """Return lr / base at ``step`` of a span that begins after the warm-up."""
        raise NotImplementedError

    def lr(self, base: float, step: int, span: Span) -> float:
        warm = round(self.warmup * span.steps) if self.warmup < 1 else int(self.warmup)
        if step < warm:
            return base * (step + 1) / warm
        return base * self.decay(step - warm, Span(max(span.steps - warm, 1), span.per_epoch))


SCHEDULES = KindFolder("trickrun.tricks.schedules", "_schedule.Schedule")

AnySchedule = Annotated[Schedule, SCHEDULES]
"""One of the schedules, chosen by its kind."""
