"""A training on one batch, and how far it gets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch

from trickrun.checks.overfit_batch.goal import Goal, Score, goal_of
from trickrun.checks.subject import Subject
from trickrun.run.pace import UNHURRIED, Moved, Pace
from trickrun.training.evaluation import mean_loss
from trickrun.training.events import NonFinite, TrainedSteps
from trickrun.training.introspection.look import before_first_step
from trickrun.training.job import Job, loss_function
from trickrun.training.loop import train
from trickrun.tricks.metrics._labels import decided
from trickrun.tricks.train.early_stopping import EarlyStopping


@dataclass(frozen=True)
class Fit:
    """What a training on one batch reached.

    Args:
        fitted: whether the goal was reached.
        steps: optimizer steps taken.
        loss: mean data loss at the end, dropout and label smoothing aside; NaN if it diverged.
        score: of the answers at the end.
        initial_loss: the loss before the first step.
        losses: the loss of each step, as minimized.
        goal: what could be reached.
    """

    fitted: bool
    steps: int
    loss: float
    score: Score
    initial_loss: float
    losses: list[float]
    goal: Goal

    @property
    def accuracy(self) -> float | None:
        """Share of right answers at the end; None for values."""
        return self.score.accuracy

    @property
    def judged(self) -> bool:
        """Whether it is known if the batch is fitted.

        Values are not, where a user's own loss is below 0 and the outputs are not the targets:
        they may be what the loss makes them of, such as the logarithm of a rate.
        """
        known = self.accuracy is not None and self.goal.missing(self.score) is not None
        return self.fitted or known or not self.goal.bottomless(self.loss)


def length(steps: int) -> dict[str, Any]:
    """Return the changes for a training of ``steps`` steps that is evaluated and saved at its end.

    The clock must not decide when a block of steps ends: the batch is looked at after each.
    """
    return {
        "train.steps": steps,
        "train.eval_every": steps,
        "train.checkpoint": {"every": f"{steps} steps"},
    }


def fit(
    subject: Subject, share: float, pace: Pace = UNHURRIED, moved: Moved = lambda done: None
) -> Fit:
    """Train ``subject``, whose data are one batch, until the batch is fitted or the run ends.

    Args:
        share: of what there is to learn that may be left; see Goal.

    Raises:
        TrickrunError: the subject cannot become a job.
        OutOfTime: there is no time to train it.
    """
    pace.ask("one batch")
    job = unevaluated(subject.job())
    initial, score = reached(job)
    goal = goal_of(job, initial)
    losses: list[float] = []
    loss = initial
    try:
        for event in train(job, interrupted=pace.over) if goal.learnable > 0 else ():
            if not isinstance(event, TrainedSteps):
                continue
            losses += event.losses
            moved(len(losses))
            loss, score = reached(job)
            if goal.reached(loss, score, share) or not math.isfinite(loss):
                break
            if len(losses) < job.span.steps:
                pace.ask("one batch")
    except NonFinite as error:
        losses += error.before
        loss = math.nan
    fitted = goal.reached(loss, score, share)
    return Fit(fitted, len(losses), loss, score, initial, losses, goal)


def unevaluated(job: Job) -> Job:
    """Return ``job`` with its training split alone: nothing is validated here, and evaluating a
    whole split would take most of the time."""
    data = replace(job.data, val=None, test=None)
    return replace(job, data=data, stopping=EarlyStopping(monitor="train_loss"))


@torch.no_grad()
def reached(job: Job) -> tuple[float, Score]:
    """Return mean data loss and score on the training split.

    Dropout and label smoothing are left out, and batch norm uses the batch's statistics, as in
    training: a batch that fills the split has no others.
    """
    before_first_step(job.model)
    with job.autocast():
        prediction = job.model(job.inputs(job.data.train.x)).to(job.dtype)
    train = job.data.train
    plain = replace(job, loss=loss_function(job.loss_kind, train, job.data.task, job.folder))
    target = job.targets["train"]
    loss = mean_loss(plain, prediction, target)
    if job.data.task.kind == "regression":
        return loss, Score(r2=explained(prediction, job.loss.bare(target), train.w))
    if job.data.task.kind == "multilabel":
        said = decided(job.loss_kind.scores(prediction, job.data.task))
        return loss, Score(accuracy=share_of(said == train.y, train.w))
    right = job.loss_kind.scores(prediction, job.data.task).argmax(-1) == train.y
    if job.data.task.next_token:
        right = right[train.y >= 0]  # without the places that a loss ignores
    return loss, Score(accuracy=share_of(right, train.w))


def share_of(right: torch.Tensor, weight: torch.Tensor | None) -> float:
    """Return the share of right answers [N, ...], of samples weighted by ``weight`` [N]."""
    each = right.double().flatten(1).mean(1) if right.ndim > 1 else right.double()
    return float(each.mean() if weight is None else (weight * each).sum() / weight.sum())


def explained(
    prediction: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
) -> float | None:
    """Return the share of the variance of ``target`` [N, targets] that ``prediction`` explains, of
    samples weighted by ``weight`` [N]."""
    if prediction.shape != target.shape:
        return None
    each = torch.ones(len(target)).to(target) if weight is None else weight.to(target)
    mean = (each @ target) / each.sum()
    left = (each @ (target - prediction).square()).double().sum()
    varied = (each @ (target - mean).square()).double().sum()
    return float(1 - left / varied) if varied > 0 else None
