"""When a batch counts as fitted: what its loss can reach, and what ignoring the inputs gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from trickrun.training.job import Job
from trickrun.tricks.losses._constant import ConstantLoss

FITTED = 0.05
"""Share of what there is to learn that may be left. Measured on one batch of 32 samples: every
shipped recipe and digits with ten optimizers, activations and losses get there within 240 steps,
sgd at lr 0.01 and adam at 1e-4 included; 0.01 takes up to 810. A head of softmax before
cross_entropy cannot get below 0.6, an all-zero init not below 1."""

ROUNDING = 1e-6

UNEVEN = 0.8
"""Share of the loss of equal chances below which the best constant answer counts as good."""

BLOCKED = 0.2
"""The same with a regularizer back on, which may slow fitting but must not prevent it. Measured
after 250 steps on digits: dropout 0.5 leaves 0.001, 0.8 up to 0.09, 0.9 from 0.30 on; label
smoothing 0.1 0.04, 0.5 0.26; l2 of 0.01 0.02, of 1 (without a norm) everything."""


@dataclass(frozen=True)
class Score:
    """How good the answers to a batch are, whatever the loss.

    Args:
        accuracy: share of right ones, of labels of all samples' labels; None for values.
        r2: share of the targets' variance that they explain; None for classes, and where the
            outputs are not one for each target or the targets do not vary.
    """

    accuracy: float | None = None
    r2: float | None = None


@dataclass(frozen=True)
class Goal:
    """What a batch's mean data loss can be.

    Args:
        floor: the lowest that any network can reach; above 0 where equal inputs have different
            targets. A user's own loss is taken to reach 0; once it is below, its floor is not
            known, and the score decides.
        baseline: the loss of the best constant answer: nothing is learned above it.
        known: whether floor and baseline follow from the loss; False for a user's own.
        accuracy: the highest that any network can reach; None for values, and for next tokens,
            of which near ties after one beginning would decide it.
        conflicts: how many samples share their input with a different target.
        guess: the loss of equal chances for all classes where these are of very different size;
            else 0.
    """

    floor: float
    baseline: float
    known: bool
    accuracy: float | None
    conflicts: int
    guess: float = 0.0

    @property
    def learnable(self) -> float:
        """What there is to learn: from the best constant down to the floor; 0 for rounding."""
        left = self.baseline - self.floor
        return left if left > ROUNDING * abs(self.baseline) else 0.0

    def limit(self, share: float) -> float:
        """Return the loss that leaves ``share`` of what there is to learn, for classes of unequal
        size of what equal chances for all would leave: where one class is rare, answering the other
        is nearly right, and a share of the rest asks for more certainty than any network needs."""
        return self.floor + share * max(self.learnable, self.guess - self.floor)

    def bottomless(self, loss: float) -> bool:
        """Whether ``loss`` is a user's own and below 0, so that nothing says how low it can get."""
        return not self.known and loss < -ROUNDING * abs(self.baseline)

    def missing(self, score: Score) -> float | None:
        """Return how much a score lacks of what can be reached; None if neither is known."""
        if score.accuracy is not None and self.accuracy is not None:
            return self.accuracy - score.accuracy
        return None if score.r2 is None else 1 - score.r2

    def reached(self, loss: float, score: Score, share: float) -> bool:
        """Return whether no more than ``share`` is left and every right answer is given.

        Where more may be left than of a fitted batch, as with regularizers back on, the loss alone
        decides. A loss below the floor is not fitted: it is fed something that it is not made for.
        """
        missing = self.missing(score)
        wrong = 0.0 if score.accuracy is None or missing is None else missing
        right = share > FITTED or wrong <= ROUNDING
        if self.bottomless(loss):
            return right and missing is not None and missing <= share and math.isfinite(loss)
        sound = not self.known or loss >= self.floor - share * self.learnable
        return right and sound and math.isfinite(loss) and loss <= self.limit(share)


def goal_of(job: Job, initial_loss: float) -> Goal:
    """Return what ``job``'s loss can be on its training split, regularizers aside.

    Args:
        initial_loss: its size is the baseline of a loss whose best constant is not known.
    """
    x, y = job.data.train.x[:].cpu(), job.data.train.y.cpu()
    if job.data.task.next_token and x.shape != y.shape:
        return Goal(0.0, abs(initial_loss), False, None, 0)
    if job.data.task.next_token:
        return next_token_goal(job, x, y, abs(initial_loss))
    groups = equal_inputs(x)
    mixed = [group for group in groups if (y[group] != y[group[0]]).any()]
    w = job.data.train.weight()
    whole = job.loss_kind.constant(job.data.task, y, weight=w)
    target = job.targets["train"]
    weight = torch.ones(len(y)) if job.loss.weight is None else job.loss.weight(target).cpu()
    shares = [float(weight[group].sum() / weight.sum()) for group in mixed]
    floor = sum(
        share * best_loss(job, y[group], None if w is None else w[group])
        for share, group in zip(shares, mixed, strict=True)
        if share
    )
    baseline = abs(initial_loss)
    if whole is not None:
        baseline = whole.of(whole.uniform if whole.best is None else whole.best)
    conflicts = sum(len(group) for group in mixed)
    if job.data.task.kind == "regression":
        return Goal(floor, baseline, whole is not None, None, conflicts)
    counted = torch.ones(len(y)).double() if w is None else w
    right = sum(most_right(y[group], counted[group]) for group in groups)
    accuracy = right / float(counted.sum()) / (y.numel() / len(y))
    guess = whole.of(whole.uniform) if whole is not None else 0.0
    uneven = baseline < UNEVEN * guess
    return Goal(floor, baseline, whole is not None, accuracy, conflicts, guess if uneven else 0.0)


def most_right(y: torch.Tensor, weight: torch.Tensor) -> float:
    """Return how many of classes [N], or of labels [N, labels], one answer gets right at most, each
    sample counted by its ``weight`` [N]."""
    if y.ndim == 1:
        return float(y.bincount(weight).max())
    ones = weight @ y.double()
    return float(torch.maximum(ones, weight.sum() - ones).sum())


def next_token_goal(job: Job, x: torch.Tensor, y: torch.Tensor, baseline: float) -> Goal:
    """Return the goal for token ids ``x`` [N, T] and the tokens after each, ``y`` [N, T].

    At each place a network sees the sample's beginning, which others may share: their different
    continuations are no fault of the data, but no network can tell them apart.

    Args:
        baseline: of a loss whose best constant is not known.
    """
    steps = x.shape[1]
    floors = [
        best_loss(job, y[group, place : place + 1]) * len(group) / y.numel()
        for place in range(steps)
        for group in equal_inputs(x[:, : place + 1])
        if len(group) > 1
    ]
    whole = job.loss_kind.constant(job.data.task, y)
    if whole is not None and whole.best is not None:
        baseline = whole.of(whole.best)
    return Goal(sum(floors), baseline, whole is not None, None, 0)


def equal_inputs(x: torch.Tensor) -> list[torch.Tensor]:
    """Return the sample indices of each distinct input of ``x`` [N, *shape]."""
    _, place = torch.unique(x.flatten(1), dim=0, return_inverse=True)
    return [(place == group).nonzero().flatten() for group in range(int(place.max()) + 1)]


def best_loss(job: Job, y: torch.Tensor, weight: torch.Tensor | None = None) -> float:
    """Return the lowest mean loss of one answer to samples with the targets ``y`` [N], weighted by
    ``weight`` [N].

    0, which is a bound, for a loss whose best constant has no closed form.
    """
    known: ConstantLoss | None = job.loss_kind.constant(job.data.task, y, weight=weight)
    return 0.0 if known is None or known.best is None else known.of(known.best)
