"""The best constant answer of a training part, and what it scores on other samples.

For classes it is their shares in training, by the samples' and the loss's weights; for labels the
share of each; for values the mean (mse), the median (mae), or what lies between (huber), of the
targets as the loss sees them, scaled. A user's own loss has none that is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from trickrun.data.splits.source import SplitData, Task
from trickrun.findings.evidence.constant import Constant
from trickrun.tricks.losses._classes import class_weights

if TYPE_CHECKING:
    from trickrun.data.splits.prepare import Prepared
    from trickrun.training.job import Job
    from trickrun.tricks.losses import Loss

MOST = 50_000
"""Training samples whose values make the answer, evenly spaced: more would move it by less than a
hundredth of what is left to chance."""


@dataclass(frozen=True)
class ConstantAnswer:
    """The best constant answer of a training part.

    Args:
        loss: by which it is the best, and which it is scored by.
        smoothing: of the labels.
        output: what it answers [outputs]: logits, scores or values; float64.
        usual: the most frequent class, or 0 or 1 for each label [labels]; None for values.
    """

    loss: Loss
    task: Task
    smoothing: float
    output: torch.Tensor
    usual: torch.Tensor | None

    def on(self, part: SplitData) -> Constant:
        """Return what it scores on some samples."""
        y, w = part.y.cpu(), part.weight()
        loss, worth = self.loss_on(y, w), self.worth(y, w)
        accuracy = None
        if self.usual is not None:
            right = (y == self.usual).double().view(len(y), -1).mean(1)
            accuracy = float(right.mean() if w is None else (w @ right) / w.sum())
        chance = chance_of(self.loss, loss, worth)
        if y.ndim == 2 and self.task.kind != "classification":
            chance *= largest_share(y.double(), alike=self.task.kind == "multilabel")
        return Constant(loss, chance, worth, accuracy)

    def loss_on(self, y: torch.Tensor, w: torch.Tensor | None = None) -> float:
        """Return its mean loss over targets, as ``SplitData`` has them, by their weights [N]."""
        of = self.loss.constant(self.task, y.cpu(), self.smoothing, None if w is None else w.cpu())
        assert of is not None  # there was one for the training part
        return of.of(self.output)

    def worth(self, y: torch.Tensor, w: torch.Tensor | None) -> float:
        """Return how many equal samples these are worth: (sum w)² / sum w². Each place of a next
        token counts; labels of a sample, which may go together, count as one.
        """
        kind = self.task.kind
        weights = class_weights(getattr(self.loss, "class_weights", None), self.task)
        if kind != "classification" or (weights is None and w is None):
            each = w
        else:
            ones = torch.ones(len(y), dtype=torch.float64) if w is None else w
            each = ones if weights is None else ones * weights.double()[y]
        if each is None:
            return float(y.numel() if kind == "classification" else len(y))
        return float(each.sum() ** 2 / each.square().sum())


def chance_of(loss: Loss, level: float, samples: float) -> float:
    """Return the lead over the constant answer that chance gives, at one standard deviation.

    An answer that knows nothing leaves the constant one by some d for each sample. That costs
    h/2 mean(d²), h being the loss's curvature, and gains mean(g d), g being its slope at the
    constant: for z deviations of g's mean at most z² var(g) / (2 N h), whatever the size of d. Of a
    log-likelihood var(g) = h, which makes z² / (2 N) (Wilks 1938, The Large-Sample Distribution of
    the Likelihood Ratio); of mse z²/N of the loss, which bounds huber's and, unless their density
    at the median is unusually low, mae's.
    """
    likelihood = loss.takes in ("logits", "log_probabilities")
    return 1 / (2 * samples) if likelihood else level / samples


MOST_TOGETHER = 256
"""Values or labels of a sample up to which it is looked at how far they go together."""


def largest_share(y: torch.Tensor, *, alike: bool) -> float:
    """Return the largest share of the targets' variation [N, targets] that lies in one direction:
    1 where they all go together, 1 / targets where none do.

    What chance gives a loss that is the mean over targets is less by it: of K independent ones a
    lead in each is needed. With d a direction, g's covariance S and the curvatures D, it is
    d'Sd / d'Dd, at most the largest eigenvalue, over the sum of all.

    Args:
        alike: each target counts by its curvature, as in a likelihood; else by its variance.
    """
    if y.shape[1] == 1 or y.shape[1] > MOST_TOGETHER:
        return 1.0
    centered = y - y.mean(0)
    spread = centered.square().mean(0).sqrt()
    if not bool((spread > 0).any()):
        return 1.0
    if alike:
        # One that does not vary has no slope, and yet takes part in the mean.
        centered = centered[:, spread > 0] / spread[spread > 0]
    variation = torch.linalg.eigvalsh(centered.T @ centered / len(y))
    return float(variation[-1] / (y.shape[1] if alike else variation.sum()))


def constant_answer(
    loss: Loss, task: Task, train: SplitData, smoothing: float = 0.0
) -> ConstantAnswer | None:
    """Return the best constant answer to a training part's targets; None if it is not known."""
    loss = loss.chosen(task)
    y, w = train.y.cpu(), train.weight()
    if task.kind == "classification":
        y, w = with_absent_classes(y, w, task.classes)
    elif task.kind == "regression" and len(y) > MOST:
        step = -(-len(y) // MOST)
        y, w = y[::step], None if w is None else w[::step]
    found = loss.constant(task, y, smoothing, w)
    if found is None or found.best is None or not bool(found.best.isfinite().all()):
        return None
    output = found.best.double().cpu()
    if task.kind == "multilabel":
        # A label that no sample has may yet come: no share below half a sample's.
        most = math.log(2 * len(y))
        output = output.clamp(-most, most)
    return ConstantAnswer(loss, task, smoothing, output, usual_answer(task, y, w))


def with_absent_classes(
    y: torch.Tensor, w: torch.Tensor | None, classes: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return targets and weights with one sample more of each class that has none: its share must
    not be 0, whose logarithm is infinite."""
    flat = y.flatten().long()
    flat = flat[flat >= 0]  # places that a loss ignores are marked by a negative class
    absent = torch.nonzero(torch.bincount(flat, minlength=classes) == 0).flatten()
    if len(absent) == 0:
        return y, w
    return torch.cat([flat, absent]), (
        None if w is None else torch.cat([w, w.mean().expand(len(absent))])
    )


def usual_answer(task: Task, y: torch.Tensor, w: torch.Tensor | None) -> torch.Tensor | None:
    """Return the most frequent class, or 0 or 1 for each label [labels]; None for values."""
    if task.kind == "regression":
        return None
    if task.kind == "multilabel":
        shares = y.double().mean(0) if w is None else (w @ y.double()) / w.sum()
        return (shares > 0.5).to(y.dtype)
    return torch.bincount(y.flatten().long(), w, minlength=task.classes).argmax()


def answer_of(job: Job) -> ConstantAnswer | None:
    """Return the best constant answer of a job's training part; None if it is not known."""
    data = job.data
    return constant_answer(job.loss_kind, data.task, data.train, job.settings.label_smoothing)


def scores_of(answer: ConstantAnswer, data: Prepared) -> dict[str, Constant]:
    """Return what a constant answer scores on each part of its data that has samples."""
    parts = {"train": data.train, "val": data.val, "test": data.test}
    scores = {name: answer.on(part) for name, part in parts.items() if part is not None}
    return {name: found for name, found in scores.items() if math.isfinite(found.loss)}
