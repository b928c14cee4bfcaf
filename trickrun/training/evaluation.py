"""How good a model is: its loss and metrics on a split, in evaluation mode."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import nn

from trickrun.data.splits.source import SplitData
from trickrun.nn.norms import recalibrate
from trickrun.nn.precision import widened
from trickrun.training.checkpoint import Progress
from trickrun.training.device import pass_size
from trickrun.training.events import Evaluation
from trickrun.training.job import Job


def validate(job: Job, progress: Progress, prediction: torch.Tensor | None = None) -> Evaluation:
    """Evaluate the validation split and append the result to the history.

    Args:
        prediction: the model's outputs for it, if the caller has them.
    """
    started = time.perf_counter()
    values = {
        "step": float(progress.step),
        "epoch": progress.step / job.span.per_epoch,
        "train_loss": progress.train_loss,
        "lr": scheduled_lr(job.optimizer),
    }
    progress.losses.clear()
    progress.counts.clear()
    if recalibrates(job):
        with job.autocast():
            recalibrate(job.evaluated, calibration_batches(job))
    if job.data.val is not None:
        if prediction is None:
            prediction = predict(job, job.data.val.x, job.evaluated)
        scores = score(job, prediction, job.data.val, job.targets["val"])
        values |= {f"val_{name}": value for name, value in scores.items()}
    progress.history.append(values)
    improved = job.stopping.best(progress.history) == len(progress.history) - 1
    return Evaluation(values, improved, time.perf_counter() - started)


def recalibrates(job: Job) -> bool:
    """Return whether batch norm's statistics are taken anew before each evaluation."""
    averaging = job.settings.averaging
    if job.settings.recalibrate:
        return True
    return averaging is not None and averaging.recalibrates and job.evaluated is not job.model


def calibration_batches(job: Job) -> Iterator[torch.Tensor]:
    """Yield the training split's inputs as the model sees them in evaluation, in whole batches.

    They are shuffled as training batches are: of samples sorted by class each batch would have the
    variance of one class alone.
    """
    whole = len(job.data.train) // job.batch_size * job.batch_size
    for indices in job.order(0)[:whole].split(job.batch_size):
        yield job.inputs(job.data.train.x.index_select(0, indices))


def evaluate(job: Job, part: SplitData, target: torch.Tensor) -> dict[str, float]:
    """Return the loss and the metrics of a split, in evaluation mode.

    Args:
        part: the split's inputs and targets.
        target: its targets in the form that the loss compares with.
    """
    return score(job, predict(job, part.x), part, target)


def score(
    job: Job, prediction: torch.Tensor, part: SplitData, target: torch.Tensor
) -> dict[str, float]:
    """Return the loss and the metrics of the model's outputs [N, outputs]; see ``evaluate``.

    Both are weighted where samples are. Metrics are in the data's own unit, whatever the loss sees;
    those of values in float64.
    """
    with torch.inference_mode():
        scores = job.data.in_own_unit(job.loss_kind.scores(prediction, job.data.task))
        y = job.data.in_own_unit(part.y)
        weight = () if part.w is None else (part.w.to(scores.device),)
        values = {"loss": mean_loss(job, prediction, target)}
        for name, metric in job.metrics.items():
            values[name] = metric(scores, y, *weight)
    return values


def predict(job: Job, x: torch.Tensor, model: nn.Module | None = None) -> torch.Tensor:
    """Return the model's outputs [N, ..., outputs] for a split's inputs ``x`` [N, *shape]."""
    model = model or job.model
    model.eval()
    with torch.inference_mode(), job.autocast():
        batches = (job.inputs(batch) for batch in x.split(pass_size(job.device)))
        return torch.cat([model(batch).to(job.dtype) for batch in batches])


def mean_loss(job: Job, prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Return the mean data loss a sample, whatever the reduction of the training loss."""
    # A user's loss may ask for gradients where nobody else does.
    losses = widened(job.loss.per_sample(prediction, target).detach())
    if losses.ndim == 0:
        return float(losses)
    if job.loss.weight is None:
        return float(losses.mean())
    return float(losses.sum() / widened(job.loss.weight(target)).sum())


def scheduled_lr(optimizer: torch.optim.Optimizer) -> float:
    """Return the learning rate that the first parameter group has of the schedule, without a
    factor of its own."""
    group = optimizer.param_groups[0]
    return float(group["lr"] / group.get("lr_scale", 1.0))
