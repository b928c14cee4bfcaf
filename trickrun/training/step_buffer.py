"""Steps whose losses stay on the device until they are fetched together."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from trickrun.nn.precision import widened
from trickrun.training.checkpoint import Progress
from trickrun.training.events import NonFinite, TrainedSteps
from trickrun.training.job import Job

BUFFERED_STEPS = 50
"""Steps whose losses are fetched from the device at once."""


@dataclass(frozen=True)
class StepResult:
    """What one step leaves on the device.

    Args:
        count: what a mean over its samples divides by; see LossFunction.
    """

    loss: torch.Tensor
    penalty: torch.Tensor | None
    gradient_norm: torch.Tensor | None
    lr: float
    samples: int
    count: torch.Tensor | int


class StepBuffer:
    """Steps whose results are still on the device."""

    def __init__(self) -> None:
        self.results: list[StepResult] = []
        self.started = time.perf_counter()

    @property
    def size(self) -> int:
        return len(self.results)

    def add(self, result: StepResult) -> None:
        self.results.append(result)

    def fetch(self, job: Job, progress: Progress) -> TrainedSteps:
        """Bring the results over and add them to ``progress``; raise NonFinite at the first bad
        loss."""
        losses = fetch([r.loss for r in self.results])
        penalties = fetch([r.penalty for r in self.results if r.penalty is not None])
        whole = [a + b for a, b in zip(losses, penalties, strict=True)] if penalties else losses
        bad = next((i for i, loss in enumerate(whole) if not math.isfinite(loss)), None)
        steps = self.steps(job, progress.step - self.size + 1, losses[:bad], penalties[:bad])
        if bad is not None:
            raise NonFinite(steps.first + bad, whole[bad], steps)
        progress.losses += steps.totals
        progress.counts += steps.counts
        progress.samples += steps.samples
        progress.seconds += steps.seconds
        return steps

    def steps(
        self, job: Job, first: int, losses: list[float], penalties: list[float]
    ) -> TrainedSteps:
        """Return the record of as many steps as there are ``losses``."""
        results = self.results[: len(losses)]
        counts = fetch([r.count for r in results])
        totals = losses
        if job.loss.reduction == "mean":
            totals = [loss * count for loss, count in zip(losses, counts, strict=True)]
        logged = [
            (first + index, r.gradient_norm)
            for index, r in enumerate(results)
            if r.gradient_norm is not None
        ]
        norms = fetch([norm for _, norm in logged])
        return TrainedSteps(
            first=first,
            losses=losses,
            penalties=penalties,
            totals=totals,
            counts=counts,
            lrs=[r.lr for r in results],
            gradient_norms={step: norm for (step, _), norm in zip(logged, norms, strict=True)},
            samples=sum(r.samples for r in results),
            seconds=time.perf_counter() - self.started,
        )


def fetch(scalars: Sequence[torch.Tensor | int]) -> list[float]:
    """Return scalars as floats, those on the device in one transfer."""
    on_device = [scalar for scalar in scalars if isinstance(scalar, torch.Tensor)]
    found = iter(widened(torch.stack(on_device)).tolist() if on_device else [])
    return [next(found) if isinstance(s, torch.Tensor) else float(s) for s in scalars]
