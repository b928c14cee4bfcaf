"""What the training loop yields: plain data about what happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from trickrun.findings.evidence.run import Look
from trickrun.training.checkpoint import Best, mean_over_samples


@dataclass(frozen=True)
class TrainedSteps:
    """A block of training steps.

    Args:
        first: the number of the first one, from 1.
        losses: data loss of each step, as minimized (mean or sum over the batch).
        penalties: penalty of each step; empty if the recipe has none.
        totals: data loss of each step, summed over its samples (times their weights).
        counts: what a mean divides each total by: the samples, or the sum of their weights.
        lrs: learning rate of each step (of the first parameter group).
        gradient_norms: step number to the gradient's 2-norm before clipping, for logged steps.
        samples: training samples in the block.
        seconds: time that the steps took.
    """

    first: int
    losses: list[float]
    penalties: list[float]
    totals: list[float]
    counts: list[float]
    lrs: list[float]
    gradient_norms: dict[int, float]
    samples: int
    seconds: float

    @property
    def mean_loss(self) -> float:
        """The mean data loss over the block's samples, or their weights."""
        return mean_over_samples(self.totals, self.counts)


@dataclass(frozen=True)
class Evaluation:
    """An evaluation on the validation split.

    Args:
        values: step, epoch, lr, train_loss, val_loss and val_ and each metric's name. Both losses
            are means over samples (or their weights), that of training over those that were trained
            on since the evaluation before.
        improved: whether it is the best so far.
        seconds: time that it took.
    """

    values: dict[str, float]
    improved: bool
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """A state from which the run goes on exactly.

    Args:
        state: what ``snapshot`` returns; the next step changes it.
        best: the best evaluation, if it changed since the last Checkpoint.
    """

    state: dict[str, Any]
    best: Best | None


RESUMABLE = frozenset({"interrupt", "stop_at"})
"""What stops a run before its end: Ctrl-C, and a pause by plan. It can go on from there."""

OUT_OF_TIME = "budget"
"""What stops a run that a command's budget cuts off: it is evaluated, and ends there."""


@dataclass(frozen=True)
class End:
    """The last record.

    Args:
        stopped_by: epochs, steps, early_stopping or OUT_OF_TIME; or, RESUMABLE, interrupt or
            stop_at.
        best: the best evaluation's values; empty if there was none.
    """

    stopped_by: str
    best: dict[str, float]


class Observer(Protocol):
    """What looks at a run without disturbing it; see introspection.watcher."""

    def due(self, step: int) -> bool:
        """Return whether to look at training step ``step`` (from 0)."""

    def before(self, step: int) -> None:
        """Look at the network that is about to take it."""

    def after(self, step: int) -> Look:
        """Return what was seen, now that it has been taken."""


Event = TrainedSteps | Look | Evaluation | Checkpoint | End


class NonFinite(Exception):
    """A training loss, or the weights that a step left, are NaN or infinite.

    Args:
        step: the number of the step, from 1.
        loss: what it minimized, data loss and penalty; finite if only the weights are bad.
        good: the steps before it in the step buffer, which no other record has.
    """

    def __init__(self, step: int, loss: float, good: TrainedSteps | None = None) -> None:
        weights = f"a weight is not finite after step {step}"
        super().__init__(weights if math.isfinite(loss) else f"the loss of step {step} is {loss}")
        self.step = step
        self.loss = loss
        self.good = good

    @property
    def before(self) -> list[float]:
        """The losses of the good steps."""
        return self.good.losses if self.good else []
