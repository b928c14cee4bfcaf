"""The training loop: one function that yields what happened, and what one step is.

It reads nothing back from the device while it steps: losses are fetched in blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch

from trickrun.errors import NothingToTrain
from trickrun.nn.buffers import undisturbed_buffers
from trickrun.training.checkpoint import Best, CheckpointClock, Progress, best_so_far, snapshot
from trickrun.training.evaluation import scheduled_lr, validate
from trickrun.training.events import (
    OUT_OF_TIME,
    RESUMABLE,
    Checkpoint,
    End,
    Event,
    NonFinite,
    Observer,
)
from trickrun.training.job import Job, Targets
from trickrun.training.spans import iterated
from trickrun.training.step_buffer import BUFFERED_STEPS, StepBuffer, StepResult
from trickrun.training.transfer import with_cached_prefix


@iterated("training")
def train(
    job: Job,
    progress: Progress | None = None,
    best: Best | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    observer: Observer | None = None,
    stop_at: int | None = None,
    over: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train ``job`` and yield what happens. At the end the model holds the weights to keep.

    Args:
        progress: where to go on; the job's model and optimizer must be in that state.
        best: the best evaluation so far.
        interrupted: asked after each step; when true the run ends with a checkpoint.
        observer: looks at some of the steps.
        stop_at: the step after which the run pauses by plan, with a checkpoint from which it goes
            on as if it had not; None, or beyond its length: it runs to its end.
        over: asked after each step; when true the run ends there for good, with an evaluation.

    Raises:
        NonFinite: a loss, or at an evaluation or checkpoint a weight, is NaN or infinite.
    """
    progress = progress or Progress()
    # What steps and evaluations begin with: the samples, or what frozen first stages make of them.
    begun = with_cached_prefix(job)
    due = CheckpointClock(job)
    batches = begun.batches(progress.step)
    planned_end = job.span.steps if stop_at is None else min(stop_at, job.span.steps)
    buffer: StepBuffer | None = None
    best_is_new = False
    # A run may have been killed between its last checkpoint and its end.
    stopped_by = "early_stopping" if stops(job, progress) else ""
    while progress.step < planned_end and not stopped_by:
        buffer = buffer or StepBuffer()
        watched = observer if observer is not None and observer.due(progress.step) else None
        if watched is not None:
            watched.before(progress.step)
        logged = (progress.step + 1) % job.settings.log_every == 0
        buffer.add(take_step(begun, next(batches), progress.step, progress.history, logged))
        progress.step += 1

        checkpoints = due.after(progress.step) or progress.step == planned_end
        if interrupted():
            stopped_by = "interrupt"
        elif progress.step < job.span.steps and over():
            stopped_by = OUT_OF_TIME
        evaluates = is_evaluation(job, progress.step) or stopped_by == OUT_OF_TIME
        if buffer.size >= BUFFERED_STEPS or evaluates or checkpoints or stopped_by or watched:
            steps = buffer.fetch(job, progress)
            yield steps
            if watched is not None:
                yield watched.after(progress.step - 1)
            check_weights(job, progress.step, steps.losses[-1])
            buffer = None
        if evaluates:
            evaluation = validate(begun, progress)
            if evaluation.improved:
                best, best_is_new = best_so_far(job, progress), True
            yield evaluation
            if stops(job, progress):
                stopped_by = stopped_by or "early_stopping"
        if checkpoints or stopped_by:
            yield Checkpoint(snapshot(job, progress), best if best_is_new else None)
            best_is_new = False
            due.done()
    if not stopped_by:
        stopped_by = job.settings.length if planned_end == job.span.steps else "stop_at"
    if stopped_by not in RESUMABLE:
        if best is not None and job.stopping.restore_best:
            job.model.load_state_dict(best.model)
        elif job.evaluated is not job.model:
            job.model.load_state_dict(job.evaluated.state_dict())
    yield End(stopped_by, best.values if best is not None else {})


def stops(job: Job, progress: Progress) -> bool:
    """Return whether early stopping ends the run after the evaluations so far."""
    return job.settings.stops_early and job.stopping.stop(progress.history)


def take_step(
    job: Job, indices: torch.Tensor, step: int, history: list[dict[str, float]], logged: bool
) -> StepResult:
    """Take training step ``step`` (from 0) on the samples ``indices`` [B].

    The step's order: batch, augment, mix, forward, loss and penalty, backward, gradient noise,
    clip, update, constrain, average. From mixing to the update a user's own step takes over.
    """
    lr = set_lr(job, step, history)
    job.start_training(step)
    job.start_streams(step)
    x, y = job.training_batch(indices, step)
    penalty = norm = None
    if job.step is not None:
        loss = job.step(job.model, (x, y), job.loss, job.optimizer)
    else:
        x, targets = job.mix(x, y, step)
        loss, penalty = backward(job, x, targets, step)
        job.scaler.unscale_(job.optimizer)
        norm = gradient_norm(job) if logged else None
        job.change_gradients(step)
        update(job)
    job.constrain()
    job.average_weights(step + 1)
    # What is mixed into a batch is of the same batch, and so are its weights.
    return StepResult(loss, penalty, norm, lr, len(y), job.loss.count(y))


def backward(
    job: Job, x: torch.Tensor, targets: Targets, step: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Put the gradient of a batch's loss and penalty into the parameters; return both, detached."""
    job.optimizer.zero_grad(set_to_none=True)
    climb = job.settings.climb
    if len(x) <= job.batch_size and climb is None:
        loss, penalty = loss_to_learn(job, x, targets), job.penalty()
        job.scaler.scale(loss if penalty is None else loss + penalty).backward()
        return loss.detach(), None if penalty is None else penalty.detach()
    loss = add_gradient(job, x, targets)
    if climb is not None:
        with climb.climbed(list(job.model.parameters())), undisturbed_buffers(job.model):
            job.start_streams(step)  # the same dropout in both passes
            add_gradient(job, x, targets)
    penalty = job.penalty()
    if penalty is not None:
        job.scaler.scale(penalty).backward()
    return loss, None if penalty is None else penalty.detach()


def add_gradient(job: Job, x: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Add the data loss's gradient to the parameters' own, one batch after another if several make
    this step; return the loss, detached."""
    losses = []
    for part, own in zip(x.split(job.batch_size), targets.split(job.batch_size), strict=True):
        loss = loss_to_learn(job, part, own)
        job.scaler.scale(loss).backward()
        losses.append(loss.detach())
    return torch.stack(losses).sum()


def data_loss(job: Job, x: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Return the scalar loss of the model's answers to ``x`` [B, *shape]."""
    with job.autocast():
        return targets.loss(job.loss, job.network(x))


def loss_to_learn(job: Job, x: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Return ``data_loss``. Raises NothingToTrain if it depends on no parameter."""
    loss = data_loss(job, x, targets)
    if not loss.requires_grad:
        raise NothingToTrain(
            "the loss depends on no parameter, so nothing can be trained",
            "model",
            "look for detach, torch.no_grad, item or numpy where the network computes its outputs",
        )
    return loss


def update(job: Job) -> None:
    """Clip the gradients as the settings say and take the optimizer's step.

    With a scaled loss a step whose gradients overflow is left out, and the scale is halved.
    """
    if job.settings.clip is not None:
        job.settings.clip.on_model(job.model)
    job.scaler.step(job.optimizer)
    job.scaler.update()


def set_lr(job: Job, step: int, history: list[dict[str, float]]) -> float:
    """Set each parameter group's learning rate for ``step``; return the schedule's for the first.

    A group's ``lr_scale`` is a factor of its own (see tricks/optimizers/_optimizer.py).
    """
    schedule = job.settings.schedule
    groups = job.optimizer.param_groups
    for group in groups:
        base = group.setdefault("initial_lr", group["lr"])
        if group.get("scaled_after") != len(history):
            # Only an evaluation changes it, and plateau goes through all of them.
            group["scaled_after"], group["scaled_by"] = len(history), schedule.scale(base, history)
        lr = schedule.lr(base, step, job.span) * group["scaled_by"]
        group["lr"] = lr * group.get("lr_scale", 1.0)
    return scheduled_lr(job.optimizer)


def gradient_norm(job: Job) -> torch.Tensor:
    """Return the 2-norm of the whole gradient, on the device."""
    gradients = [p.grad for p in job.model.parameters() if p.grad is not None]
    return torch.nn.utils.get_total_norm(gradients)


def check_weights(job: Job, step: int, loss: float) -> None:
    """Raise NonFinite if ``step`` steps, the last with ``loss``, left weights that are NaN or
    infinite, so that no evaluation and no checkpoint ever has them."""
    largest = torch.nn.utils.get_total_norm(job.model.parameters(), math.inf)
    if not math.isfinite(largest):
        raise NonFinite(step, loss)


def is_evaluation(job: Job, step: int) -> bool:
    """Return whether the validation split is evaluated after ``step`` steps."""
    return job.span.is_evaluation(step, job.eval_every)
