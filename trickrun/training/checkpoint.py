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
    """Bring ``job`` into the state of ``snapshot`` and return its progress.

    Raises ValueError, and what torch raises, for a state of another form.
    """
    restore_optimizer(job.optimizer, state["optimizer"])
    job.model.load_state_dict(state["model"])
    if state.get("scaler"):  # only with fp16
        job.scaler.load_state_dict(state["scaler"])
    if job.average is not None:
        job.average.load_state_dict(state["average"])
    return Progress(**state["progress"])


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Bring an optimizer into a state that ``state_dict`` returned.

    Of its groups only numbers are taken, such as a learning rate that a schedule has changed. What
    else they hold says how to compute, and that is the job's own.

    Raises ValueError for what no step can be taken with.
    """
    forms, own = forms_of(optimizer), [dict(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, before in zip(optimizer.param_groups, own, strict=True):
        for name in (group.keys() | before.keys()) - {"params"}:
            value = before.get(name, 0.0)  # what a step adds is the rate that a schedule began with
            if not is_numbers(value):
                group[name] = value
            elif not is_numbers(group.get(name), like=value):
                raise ValueError(f"the optimizer's {name} is not a number, or has the wrong count")
    for parameter, form in forms.items():
        found = optimizer.state.get(parameter, {})
        if found == {}:
            continue  # it has had no gradient yet
        same = isinstance(found, dict) and found.keys() == form.keys()
        if not same or not all(alike(found[name], form[name]) for name in form):
            raise ValueError("the optimizer's state is of another form than its steps make")


def forms_of(optimizer: torch.optim.Optimizer) -> dict[torch.Tensor, dict[str, Any]]:
    """Return what a step makes of each parameter's state; nothing of a user's optimizer, and of
    LBFGS, which no step can be taken with just so.

    The parameters are changed by it: their values are to be loaded afterwards.
    """
    room = type(optimizer).__module__.split(".")[0]
    if room not in ("torch", "trickrun") or isinstance(optimizer, torch.optim.LBFGS):
        return {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad()
    forms = {parameter: dict(state) for parameter, state in optimizer.state.items()}
    optimizer.state.clear()
    return forms


def is_numbers(value: Any, like: Any = None) -> bool:
    """Return whether a value is a number, or a tuple of numbers; of as many as in ``like``."""
    if isinstance(value, tuple | list):
        same = like is None or (isinstance(like, tuple | list) and len(like) == len(value))
        return same and all(is_numbers(each) for each in value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and not isinstance(like, tuple | list) and math.isfinite(value)


def alike(value: Any, form: Any) -> bool:
    """Return whether a part of an optimizer's state has the form of another: a dense tensor of its
    shape, a count, or what is of its type."""
    if not isinstance(form, torch.Tensor) or not isinstance(value, torch.Tensor):
        return type(value) is type(form)
    plain = value.layout == form.layout and not value.is_meta
    counts = value.ndim > 0 or (plain and not value.is_complex() and 0 <= value.item() < math.inf)
    same_kind = value.is_complex() == form.is_complex()
    return plain and counts and same_kind and value.shape == form.shape


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
