"""What a run has become so far, as a checkpoint holds it, and when a checkpoint is due."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from pydantic import NonNegativeFloat, NonNegativeInt

from trickrun.training.job import Job


@dataclass
class Progress:
    """How far a run has come: all the state of the loop beside the model and the optimizer.

    Args:
        step: optimizer steps done.
        history: one record an evaluation (see Evaluation.values), oldest first.
        losses: the steps' data losses since the last evaluation, each summed over its samples
            (times their weights).
        counts: what a mean divides each of them by: the samples, or the sum of their weights.
        samples: training samples seen.
        seconds: time spent in training steps; the one field that differs between equal runs.
    """

    step: NonNegativeInt = 0
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)
    samples: NonNegativeInt = 0
    seconds: NonNegativeFloat = 0.0

    @property
    def train_loss(self) -> float:
        """The mean data loss over the samples (or their weights) since the last evaluation."""
        return mean_over_samples(self.losses, self.counts)


def mean_over_samples(totals: Sequence[float], counts: Sequence[float]) -> float:
    """Return the mean loss of steps whose losses, summed over ``counts`` samples (or their
    weights), are ``totals``; 0 of no step."""
    return math.fsum(totals) / (math.fsum(counts) or 1.0)


@dataclass(frozen=True)
class Best:
    """The best evaluation so far.

    Args:
        values: its record in the history.
        model: the state then of the model that was evaluated; later steps do not change it.
    """

    values: dict[str, float]
    model: dict[str, torch.Tensor]


def best_so_far(job: Job, progress: Progress) -> Best:
    """Return the model as it is now as the best; its evaluation is the newest."""
    state = job.evaluated.state_dict()
    model = {name: value.detach().clone() for name, value in state.items()}
    return Best(progress.history[-1], model)


def snapshot(job: Job, progress: Progress) -> dict[str, Any]:
    """Return the whole state of a run: tensors and plain Python only.

    No generator is in it: every draw is keyed by its step. The tensors are the job's own.
    """
    return {
        "model": job.model.state_dict(),
        "optimizer": job.optimizer.state_dict(),
        "scaler": job.scaler.state_dict(),
        "average": None if job.average is None else job.average.state_dict(),
        "progress": asdict(progress),
    }


def restore(job: Job, state: Mapping[str, Any]) -> Progress:
    """Bring ``job`` into the state of ``snapshot`` and return its progress."""
    job.model.load_state_dict(state["model"])
    job.optimizer.load_state_dict(state["optimizer"])
    if state.get("scaler"):  # only with fp16
        job.scaler.load_state_dict(state["scaler"])
    if job.average is not None:
        job.average.load_state_dict(state["average"])
    return Progress(**state["progress"])


class CheckpointClock:
    """When the next checkpoint is due, by settings.checkpoint: steps, epochs or seconds."""

    def __init__(self, job: Job) -> None:
        self.count, unit = job.settings.checkpoint
        self.by_time = unit == "s"
        if unit == "epochs":
            self.count *= job.span.per_epoch
        self.done()

    def after(self, step: int) -> bool:
        """Return whether to write one after ``step`` steps. Which one it is changes no bit."""
        if self.by_time:
            return time.monotonic() - self.last >= self.count
        return step % self.count == 0

    def done(self) -> None:
        self.last = time.monotonic()
