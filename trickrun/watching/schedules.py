"""Learning rate schedulers: what they were built for, and how often they are stepped."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import Optimizer

from trickrun.findings.evidence.program import Place, WatchedScheduler
from trickrun.watching.optimizers import Series

LENGTHS = ("T_max", "total_steps", "total_iters", "T_0", "max_iters")
"""What schedulers call the steps that they are built for."""


@dataclass
class SchedulerRecord:
    """A scheduler, as it was when stock was last taken."""

    scheduler: weakref.ref[Any]
    optimizer: weakref.ref[Optimizer]
    kind: str
    place: Place | None
    length: int | None
    base: float
    steps_before: int
    epochs_before: int
    times_before: int
    mode: str = ""
    number: int | None = None
    times: int = 0
    steps: int = 0
    epochs: int = 0
    inner: bool = False
    metrics: Series = field(default_factory=Series)
    rate: float | None = None
    reductions: int = 0

    def metric_given(self, passes: int, metric: Any, rate: float) -> None:
        """Take note of what a ReduceLROnPlateau was given, and whether the rate is lower since."""
        try:
            self.metrics.add(passes, float(metric))
        except (TypeError, ValueError):
            return
        self.reductions += self.rate is not None and rate < self.rate
        self.rate = rate

    def take_stock(self, steps: int, epochs: int) -> None:
        """Take note of where it is, while it exists."""
        scheduler = self.scheduler()
        if scheduler is not None:
            self.times = max(0, times_of(scheduler) - self.times_before)
            self.steps = steps - self.steps_before
            self.epochs = epochs - self.epochs_before

    def told(self) -> WatchedScheduler:
        """Return what was seen."""
        return WatchedScheduler(
            self.kind,
            self.place,
            self.times,
            self.steps,
            self.epochs,
            self.length,
            self.base,
            self.number,
            tuple(self.metrics.values),
            tuple(self.metrics.at),
            self.mode,
            self.reductions,
        )


def new_record(
    scheduler: Any, optimizer: Optimizer, place: Place | None, steps: int, epochs: int
) -> SchedulerRecord:
    """Return the record of a scheduler that was just made.

    Args:
        steps: of its optimizer so far.
        epochs: of the training loaders so far.
    """
    lengths = (getattr(scheduler, name, None) for name in LENGTHS)
    return SchedulerRecord(
        weakref.ref(scheduler),
        weakref.ref(optimizer),
        type(scheduler).__name__,
        place,
        next((one for one in lengths if isinstance(one, int)), None),
        base_of(scheduler, optimizer),
        steps,
        epochs,
        times_of(scheduler),
        str(getattr(scheduler, "mode", "")) if isinstance(scheduler, ReduceLROnPlateau) else "",
    )


def base_of(scheduler: Any, optimizer: Optimizer) -> float:
    """Return the learning rate that a scheduler starts from; the highest one of a cycle."""
    group = optimizer.param_groups[0]
    return float(group.get("max_lr", group.get("initial_lr", group.get("lr", 0.0))))


def times_of(scheduler: Any) -> int:
    """Return how often a scheduler was stepped, or where it is, if it does not count its steps."""
    count = getattr(scheduler, "_step_count", 1)
    parts = getattr(scheduler, "_schedulers", ())
    last = getattr(scheduler, "last_epoch", None)
    if last is None and parts:
        return times_of(parts[0])
    return max(int(count) - 1, int(last or 0))


def parts_of(scheduler: Any) -> list[LRScheduler]:
    """Return the schedulers that one is made of: they are stepped by it alone."""
    return list(getattr(scheduler, "_schedulers", ()))
