"""What a run's curves say, as plain data, and the measures that their judgement shares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from statistics import fmean, median

from trickrun.findings.evidence.constant import Constant


def smoothed(values: Sequence[float]) -> list[float]:
    """Return the running median over about a tenth of the curve, at least 3 values.

    A median, because one bad evaluation must not look like a trend. The window is symmetric, so
    that a steep beginning stays as it is; only at the end it is cut, where a trend is worth more.
    """
    half = max(3, len(values) // 10) // 2
    return [median(values[i - min(i, half) : i + min(i, half) + 1]) for i in range(len(values))]


def noise(values: Sequence[float]) -> float:
    """Return the standard deviation of an evaluation about the curve's trend.

    From the median size of second differences over the last two thirds, so that neither the steep
    beginning nor single spikes count. Independent noise of deviation s has second differences of
    deviation sqrt(6) s, and a median size of 0.6745 times that. 0 with fewer than five values.
    """
    late = values[len(values) // 3 :]
    if len(values) < 5:
        return 0.0
    triples = zip(late, late[1:], late[2:], strict=False)
    return median(abs(a - 2 * b + c) for a, b, c in triples) / (0.6745 * math.sqrt(6))


def reversals(values: Sequence[float]) -> list[float]:
    """Return the height of each way from a peak to the next trough, or back."""
    moves = [value for value, _ in groupby(values)]
    turns = [
        here
        for before, here, after in zip(moves, moves[1:], moves[2:], strict=False)
        if (here - before) * (after - here) < 0
    ]
    # The way to the first turn is the descent itself; only what comes back is a swing.
    return [abs(b - a) for a, b in pairwise(turns)]


@dataclass(frozen=True)
class Setting:
    """What of a recipe explains its curves, or would change them.

    Args:
        lr, schedule: of the optimizer; the schedule's kind.
        usual_lr: the rate to begin with for this optimizer; None: not known.
        length, length_path: the planned length, and the recipe path that sets it.
        usual_init: whether the init keeps the signal's size.
        dropout: probability for hidden units; 0 if there is none.
        penalties: paths of the penalties and weight decays that act.
        augmented: whether training sees other batches or another network than evaluation, dropout
            aside.
        smoothed_labels: whether label smoothing acts.
        early_stopping: whether it can end the run.
        averages_last_weights: whether the mean of the last weights is evaluated.
        keeps_best: whether the run ends with the weights of the best evaluation.
        val_share: share of the data for validation, where the recipe draws that at random; else 0.
        known: whether there is a recipe; else nothing here says anything.
        hidden, hidden_path: units of the hidden layers of a model whose recipe lists all of them,
            and the recipe path of that list.
    """

    lr: float
    schedule: str
    length: int
    length_path: str
    usual_lr: float | None = None
    usual_init: bool = True
    dropout: float = 0.0
    penalties: tuple[str, ...] = ()
    augmented: bool = False
    smoothed_labels: bool = False
    early_stopping: bool = False
    averages_last_weights: bool = False
    keeps_best: bool = True
    val_share: float = 0.0
    hidden: tuple[int, ...] = ()
    hidden_path: str = ""
    known: bool = True

    @property
    def regularized(self) -> bool:
        """Whether anything but early stopping acts against overfitting."""
        return bool(self.dropout or self.penalties or self.augmented or self.smoothed_labels)


@dataclass(frozen=True)
class Curves:
    """The curves of one run, an entry for each evaluation.

    Args:
        run: its folder's id.
        recipe: equal for runs that differ in nothing but the seed.
        epochs, steps: when the evaluations were.
        lrs: the learning rate then.
        train_loss: mean over the samples (or their weights) since the evaluation before.
        val_loss: empty without a validation split.
        metric, values: the metric to watch and its values; empty if there is none.
        maximizes: whether a higher metric is better.
        metric_is_share: whether it is between 0 and 1, and a hundredth means the same everywhere.
        best_epoch: whose weights the run keeps; None if there was no finite evaluation.
        stopped_by: epochs, steps, early_stopping, interrupted, failed; empty if it has not ended.
        non_finite: whether a loss or weight that was no number ended it.
        baseline: loss of the best constant answer, or what comes nearest to it.
        floor: the loss that a perfect network would have (label smoothing leaves some); the lowest
            one seen if that is below 0, where no other is known.
        val_samples: size of the validation split, if it is known.
        setting: what of the recipe matters.
        constant: what the best constant answer scores on the samples of ``judged_loss``; None if it
            is not known.
        accuracies: of the validation split at each evaluation; empty if they were not measured.
        warmup: steps of the warm-up.
        test_loss, test_accuracy: of the test split, scored once at the end; None if it was not.
        test_constant: what the constant answer scores there.
        baseline_known: whether ``baseline`` is what it should be; if not, it is the first loss
            that was logged.
    """

    run: str
    recipe: str
    epochs: tuple[float, ...]
    steps: tuple[float, ...]
    lrs: tuple[float, ...]
    train_loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    metric: str
    values: tuple[float, ...]
    maximizes: bool
    metric_is_share: bool
    best_epoch: float | None
    stopped_by: str
    non_finite: bool
    baseline: float
    floor: float
    val_samples: int | None
    setting: Setting
    constant: Constant | None = None
    accuracies: tuple[float, ...] = ()
    warmup: int = 0
    test_loss: float | None = None
    test_accuracy: float | None = None
    test_constant: Constant | None = None
    baseline_known: bool = True

    @property
    def judged_loss(self) -> tuple[float, ...]:
        """Validation loss, or training loss of a run without validation split."""
        return self.val_loss or self.train_loss

    @property
    def kept(self) -> int:
        """The index of the evaluation whose weights the run ends with."""
        if self.setting.keeps_best and self.best_epoch in self.epochs:
            return self.epochs.index(self.best_epoch)
        return len(self.epochs) - 1

    @property
    def kept_accuracy(self) -> float | None:
        """The validation accuracy of those weights; None if it was not measured."""
        return self.accuracies[self.kept] if self.accuracies else None

    @property
    def hardly_begun(self) -> bool:
        """Whether the run is shorter than its warm-up, or than one pass over its samples."""
        return not self.epochs or self.epochs[-1] < 1 or self.steps[-1] < self.warmup

    @property
    def unit(self) -> float:
        """What there is to be learned: the loss between a constant answer and a perfect one."""
        return max(self.baseline - self.floor, 1e-12)

    @property
    def left(self) -> list[float]:
        """The share of ``unit`` that training has left at each evaluation, smoothed; 1 is a
        constant answer, 0 a perfect one."""
        return [(loss - self.floor) / self.unit for loss in smoothed(self.train_loss)]

    def beside_constant(self, loss: float) -> str:
        """Return a loss in words beside that of always giving the same answer, or the first."""
        if not self.baseline_known:
            return f"{loss:.4g}, where the log begins with {self.baseline:.4g}"
        if self.floor < 0 or self.baseline <= 0:
            return f"{loss:.4g}, where always giving the same answer costs {self.baseline:.4g}"
        ratio = loss / self.baseline
        share = f"{ratio:.0%} of" if ratio < MUCH_WORSE else f"{ratio:.2g} times"
        return f"{share} what always giving the same answer would cost"

    @property
    def val_error(self) -> float:
        """The standard error of the validation loss at the end, by its number of samples.

        A sample's loss is taken to spread as much as 1.4 times the mean, as squares of normal
        errors do. 0 if the number is not known.
        """
        if not self.val_samples or not self.val_loss:
            return 0.0
        return 1.4 * abs(smoothed(self.val_loss)[-1] - self.floor) / math.sqrt(self.val_samples)

    @property
    def all_right(self) -> bool:
        """Whether the metric is as good as it can be: a loss that falls on then means nothing."""
        share = self.metric_is_share and bool(self.values)
        return share and end_of(self.values) >= 1 - 0.5 / (self.val_samples or 1000)

    def at(self, share: float) -> float:
        """Return the smoothed loss after ``share`` of the way.

        The way is the learning rate summed over the evaluations, so that a schedule that ends at 0
        does not make a slope look like a level.
        """
        losses = smoothed(self.judged_loss)
        way = list(accumulate(self.lrs))
        after = next(i for i, gone in enumerate(way) if gone >= share * way[-1] * (1 - 1e-9))
        if after == 0:
            return losses[0]
        part = (share * way[-1] - way[after - 1]) / (way[after] - way[after - 1])
        return losses[after - 1] + part * (losses[after] - losses[after - 1])

    @property
    def under_way(self) -> bool:
        """Whether the loss has not begun to level off.

        A curve that levels off loses most in the first half of the way. A quarter or more in the
        second half is at most 1.4 time constants of an exponential.
        """
        fell, late = self.at(0.0) - self.at(1.0), self.at(0.5) - self.at(1.0)
        return fell > 4 * noise(self.judged_loss) and late >= fell / 4

    @property
    def to_come(self) -> float:
        """By how much a run of twice the way would lower the loss, if it goes on as it did.

        Each doubling of the way gains a share of what the doubling before it gained (of a power
        law the same share each time), and no larger part of the loss than that one took.
        """
        last, before = self.at(0.5) - self.at(1.0), self.at(0.25) - self.at(0.5)
        if last <= 3 * noise(self.judged_loss):
            return 0.0
        gain = last * (min(1.0, last / before) if before > 0 else 1.0)
        now = max(self.at(1.0) - self.floor, 0.0)
        return min(gain, now * last / (now + last))


MUCH_WORSE = 1.1
"""Ratio of two losses from which on a factor says more than percents."""


def floor_seen(floor: float, losses: Iterable[float]) -> float:
    """Return ``floor``, or the lowest of ``losses`` if that is below 0.

    A loss of the user's own may be, and one that is fed something that it is not made for.
    """
    lowest = min(losses, default=floor)
    return lowest if lowest < 0 else floor


def end_of(values: tuple[float, ...] | list[float], count: int = 3) -> float:
    """Return the mean of the last ``count`` values."""
    return fmean(values[-count:])


def noise_of(values: tuple[float, ...]) -> float:
    """Return the noise of a curve, never quite 0, so that it can be divided by."""
    return max(noise(values), 1e-12)
