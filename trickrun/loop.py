"""The training loop: one function that yields what happened, and what one step and one evaluation
are.

It reads nothing back from the device while it steps: losses are fetched in blocks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from trickrun.data.prepare import Part
from trickrun.job import Job

BLOCK = 50
"""Steps whose losses are fetched from the device at once."""

EVALUATION_BATCH = 1024


@dataclass
class Progress:
    """How far a run has come: all the state of the loop beside the model and the optimizer.

    Args:
        step: optimizer steps done.
        history: one record an evaluation (see Evaluation.values), oldest first.
        losses: the steps' data losses a sample since the last evaluation.
        samples: training samples seen.
        seconds: time spent in training steps; the one field that differs between equal runs.
    """

    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    samples: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Steps:
    """A block of training steps.

    Args:
        first: the number of the first one, from 1.
        losses: data loss of each step, as minimized (mean or sum over the batch).
        penalties: penalty of each step; empty if the recipe has none.
        lrs: learning rate of each step (of the first parameter group).
        gradient_norms: step number to the gradient's 2-norm before clipping, for logged steps.
        samples: training samples in the block.
        seconds: time that the steps took.
    """

    first: int
    losses: list[float]
    penalties: list[float]
    lrs: list[float]
    gradient_norms: dict[int, float]
    samples: int
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """An evaluation on the validation split.

    Args:
        values: step, epoch, lr, train_loss, val_loss and val_ and each metric's name.
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
        state: tensors and plain Python; see ``snapshot``.
        best: the best evaluation's model state, if it changed since the last Checkpoint.
    """

    state: dict[str, Any]
    best: dict[str, torch.Tensor] | None


@dataclass(frozen=True)
class End:
    """The last record.

    Args:
        stopped_by: epochs, steps, early_stopping or interrupt.
        best: the best evaluation's values; empty if there was none.
    """

    stopped_by: str
    best: dict[str, float]


Record = Steps | Evaluation | Checkpoint | End


class NonFinite(Exception):
    """A training loss is NaN or infinite.

    Args:
        step: the number of the step, from 1.
        loss: its loss.
        before: the losses of its block's earlier steps, which no Steps record has.
    """

    def __init__(self, step: int, loss: float, before: list[float]) -> None:
        super().__init__(f"the loss of step {step} is {loss}")
        self.step = step
        self.loss = loss
        self.before = before


def train(
    job: Job,
    progress: Progress | None = None,
    best: dict[str, torch.Tensor] | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Train ``job`` and yield what happens. At the end the model holds the weights to keep.

    Args:
        progress: where to go on; the job's model and optimizer must be in that state.
        best: the best evaluation's model state so far.
        interrupted: asked after each step; when true the run ends with a checkpoint.

    Raises:
        NonFinite: a loss is NaN or infinite.
    """
    progress = progress or Progress()
    stopping = job.stopping
    due = CheckpointClock(job)
    block = Block()
    best_is_new = False
    stopped_by = ""
    order = job.order(progress.step // job.span.per_epoch)
    while progress.step < job.span.steps and not stopped_by:
        epoch, place = divmod(progress.step, job.span.per_epoch)
        if place == 0:
            order = job.order(epoch)
        indices = order[place * job.batch_size : (place + 1) * job.batch_size]
        logged = (progress.step + 1) % job.recipe.train.log_every == 0
        block.add(take_step(job, indices, progress.step, progress.history, logged))
        progress.step += 1

        evaluates = is_evaluation(job, progress.step)
        checkpoints = due.after(progress.step)
        if interrupted():
            stopped_by = "interrupt"
        if block.size >= BLOCK or evaluates or checkpoints or stopped_by:
            yield block.fetch(job, progress)
            block = Block()
        if evaluates:
            evaluation = validate(job, progress)
            if evaluation.improved:
                best, best_is_new = clone(job.model.state_dict()), True
            yield evaluation
            if job.recipe.early_stopping is not None and stopping.stop(progress.history):
                stopped_by = stopped_by or "early_stopping"
        last = progress.step == job.span.steps or bool(stopped_by)
        if checkpoints or last:
            yield Checkpoint(snapshot(job, progress), best if best_is_new else None)
            best_is_new = False
            due.done()
    if best is not None and stopping.restore_best and stopped_by != "interrupt":
        job.model.load_state_dict(best)
    length = "steps" if job.recipe.train.steps else "epochs"
    best_at = stopping.best(progress.history)
    yield End(stopped_by or length, progress.history[best_at] if best_at >= 0 else {})


def take_step(
    job: Job, indices: torch.Tensor, step: int, history: list[dict[str, float]], logged: bool
) -> StepResult:
    """Take training step ``step`` (from 0) on the samples ``indices`` [B].

    The step's order: batch, augment, forward, loss and penalty, backward, clip, update.
    """
    lr = set_lr(job, step, history)
    job.model.train()
    job.dropout_stream.at(step)
    x, y = job.training_batch(indices, step)
    job.optimizer.zero_grad(set_to_none=True)
    with job.autocast():
        loss = job.loss(job.model(x), y)
    penalty = job.penalty()
    (loss if penalty is None else loss + penalty).backward()
    norm = gradient_norm(job) if logged else None
    if job.recipe.optimizer.clip is not None:
        job.recipe.optimizer.clip.apply(list(job.model.parameters()))
    job.optimizer.step()
    return StepResult(
        loss.detach(), None if penalty is None else penalty.detach(), norm, lr, len(indices)
    )


def set_lr(job: Job, step: int, history: list[dict[str, float]]) -> float:
    """Set each parameter group's learning rate for ``step``; return the first one's."""
    schedule = job.recipe.optimizer.schedule
    groups = job.optimizer.param_groups
    for group in groups:
        base = group.setdefault("initial_lr", group["lr"])
        group["lr"] = schedule.lr(base, step, job.span) * schedule.scale(base, history)
    return float(groups[0]["lr"])


def gradient_norm(job: Job) -> torch.Tensor:
    """Return the 2-norm of the whole gradient, on the device."""
    gradients = [p.grad for p in job.model.parameters() if p.grad is not None]
    return torch.nn.utils.get_total_norm(gradients)


@dataclass(frozen=True)
class StepResult:
    """What one step leaves on the device."""

    loss: torch.Tensor
    penalty: torch.Tensor | None
    gradient_norm: torch.Tensor | None
    lr: float
    samples: int


class Block:
    """Steps whose results are still on the device."""

    def __init__(self) -> None:
        self.results: list[StepResult] = []
        self.started = time.perf_counter()

    @property
    def size(self) -> int:
        return len(self.results)

    def add(self, result: StepResult) -> None:
        self.results.append(result)

    def fetch(self, job: Job, progress: Progress) -> Steps:
        """Bring the results over in one transfer; raise NonFinite at the first bad loss."""
        first = progress.step - self.size + 1
        losses = fetch([r.loss for r in self.results])
        penalties = fetch([r.penalty for r in self.results if r.penalty is not None])
        norms = [(i, r.gradient_norm) for i, r in enumerate(self.results)]
        logged = [(i, norm) for i, norm in norms if norm is not None]
        values = fetch([norm for _, norm in logged])
        seconds = time.perf_counter() - self.started
        for index, loss in enumerate(losses):
            if not math.isfinite(loss):
                raise NonFinite(first + index, loss, losses[:index])
        summed = job.loss.reduction == "sum"
        progress.losses += [
            loss / r.samples if summed else loss
            for loss, r in zip(losses, self.results, strict=True)
        ]
        samples = sum(r.samples for r in self.results)
        progress.samples += samples
        progress.seconds += seconds
        return Steps(
            first=first,
            losses=losses,
            penalties=penalties,
            lrs=[r.lr for r in self.results],
            gradient_norms={first + i: v for (i, _), v in zip(logged, values, strict=True)},
            samples=samples,
            seconds=seconds,
        )


def fetch(scalars: list[torch.Tensor]) -> list[float]:
    """Return device scalars as floats, in one transfer."""
    return torch.stack(scalars).double().tolist() if scalars else []


def is_evaluation(job: Job, step: int) -> bool:
    """Return whether the validation split is evaluated after ``step`` steps."""
    every = job.recipe.train.eval_every or job.span.per_epoch
    return step % every == 0 or step == job.span.steps


def validate(job: Job, progress: Progress) -> Evaluation:
    """Evaluate the validation split and append the result to the history."""
    started = time.perf_counter()
    values = {
        "step": float(progress.step),
        "epoch": progress.step / job.span.per_epoch,
        "train_loss": math.fsum(progress.losses) / max(len(progress.losses), 1),
        "lr": float(job.optimizer.param_groups[0]["lr"]),
    }
    progress.losses.clear()
    if job.data.val is not None:
        scores = evaluate(job, job.data.val, job.targets["val"])
        values |= {f"val_{name}": value for name, value in scores.items()}
    progress.history.append(values)
    improved = job.stopping.best(progress.history) == len(progress.history) - 1
    return Evaluation(values, improved, time.perf_counter() - started)


def evaluate(job: Job, part: Part, target: torch.Tensor) -> dict[str, float]:
    """Return the loss and the metrics of a split, in evaluation mode.

    Args:
        part: the split's inputs and targets.
        target: its targets in the form that the loss compares with.
    """
    prediction = predict(job, part.x)
    with torch.inference_mode():
        scores = job.loss_kind.scores(prediction, job.data.task)
        values = {"loss": mean_loss(job, prediction, target)}
        for name, metric in job.metrics.items():
            values[name] = metric(scores, part.y)
    return values


def predict(job: Job, x: torch.Tensor) -> torch.Tensor:
    """Return the model's outputs [N, outputs] for raw inputs ``x`` [N, *shape]."""
    job.model.eval()
    with torch.inference_mode(), job.autocast():
        batches = (job.inputs(batch) for batch in x.split(EVALUATION_BATCH))
        return torch.cat([job.model(batch).to(job.dtype) for batch in batches])


def mean_loss(job: Job, prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Return the mean data loss a sample, whatever the reduction of the training loss."""
    losses = job.loss.per_sample(prediction, target).double()
    if losses.ndim == 0:
        return float(losses)
    if job.loss.weight is None:
        return float(losses.mean())
    return float(losses.sum() / job.loss.weight(target).double().sum())


class CheckpointClock:
    """When the next checkpoint is due, by train.checkpoint: steps, epochs or seconds."""

    def __init__(self, job: Job) -> None:
        self.count, unit = job.recipe.train.checkpoint.amount
        self.by_time = unit == "s"
        if unit == "epochs":
            self.count *= job.span.per_epoch
        self.done()

    def after(self, step: int) -> bool:
        if self.by_time:
            return time.monotonic() - self.last >= self.count
        return step % self.count == 0

    def done(self) -> None:
        self.last = time.monotonic()


def snapshot(job: Job, progress: Progress) -> dict[str, Any]:
    """Return the whole state of a run: tensors and plain Python only."""
    return {
        "model": job.model.state_dict(),
        "optimizer": job.optimizer.state_dict(),
        "progress": asdict(progress),
    }


def restore(job: Job, state: Mapping[str, Any]) -> Progress:
    """Bring ``job`` into the state of ``snapshot`` and return its progress."""
    job.model.load_state_dict(state["model"])
    job.optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])


def clone(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a copy that later steps do not change."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}
