"""What `signal` measured of a network's layers, as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

FITTED = 0.1
"""Share of the first loss below which a network counts as fitted."""


@dataclass(frozen=True)
class Histogram:
    """How values are distributed over equal bins.

    Args:
        low, high: the ends of the first and the last bin.
        counts: values in each bin; those outside are in the outermost.
    """

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Moment:
    """One layer before a training step, over all samples that were looked at.

    Args:
        step: training steps done.
        pre_mean, pre_std: of what enters the activation: the layer's output, normalized if a norm
            stands in between.
        mean, std: of what leaves it; of the output of a layer without activation.
        dead_fraction: units that are 0 for every sample.
        saturated_fraction: units of a bounded activation that are nearly always at an end of its
            range (a mean distance from the middle above 0.85 of the half range); 0 for others.
        drift: change of the units' mean inputs since the first moment, as a share of the inputs'
            standard deviation then; None for inputs that are no numbers.
        gradient_norm, gradient_rms: of the weights, on one training batch.
        histogram: of what leaves the activation.
        pre_histogram: of what enters it.
    """

    step: int
    pre_mean: float
    pre_std: float
    mean: float
    std: float
    dead_fraction: float
    saturated_fraction: float
    drift: float | None
    gradient_norm: float
    gradient_rms: float
    histogram: Histogram
    pre_histogram: Histogram


@dataclass(frozen=True)
class Update:
    """What one training step did to a layer's weights.

    Args:
        step: the step's number, from 0.
        change: norm of the change of the weights.
        ratio: that over the norm of the weights; None if those are 0.
        effective_lr: the change over the norm of the gradient; None if that is 0 or not known.
    """

    step: int
    change: float
    ratio: float | None
    effective_lr: float | None


@dataclass(frozen=True)
class LayerSignal:
    """A layer with weights, in the order of the forward pass.

    Args:
        name, kind: the module's name and class.
        activation: the class of the activation that follows, or ``functional`` where the network
            calls one that is no module (or none); empty for the last layer.
        units: of its output.
        trainable: whether the optimizer may change its weights.
        weight_std: of the weights at init.
        head: whether it is the last one.
        moments: at init, and at even distances to the end.
        updates: of some training steps.
    """

    name: str
    kind: str
    activation: str
    units: int
    trainable: bool
    weight_std: float
    head: bool
    moments: tuple[Moment, ...]
    updates: tuple[Update, ...]

    @property
    def first(self) -> Moment:
        return self.moments[0]

    @property
    def last(self) -> Moment:
        return self.moments[-1]

    @property
    def update_ratio(self) -> float | None:
        """The median over the later half of the updates that have one: the first are warm-up."""
        known = [u.ratio for u in self.updates if u.ratio is not None and math.isfinite(u.ratio)]
        return median(known[len(known) // 2 :]) if known else None


@dataclass(frozen=True)
class SignalEvidence:
    """What `signal` measured.

    Args:
        layers: in the order of the forward pass.
        samples: training samples that each moment looks at.
        steps: training steps taken.
        losses: the data loss of each.
        lrs: the learning rate of each.
        non_finite_step: the step (from 1) that ended in a loss or weight that is no number.
        input_std: standard deviation of all inputs together.
        lr, optimizer, init, normalization, activation: as in the recipe; the activation is empty
            for a user's own network.
        normalize: how the recipe normalizes the inputs; empty without a recipe.
        clipped: whether the gradient is clipped.
        usual_init: whether the init keeps the signal's size.
        usual_normalization: the kind that suits the network and its batches.
        learned: whether the weights were learned before, so that their size is no init's fault.
    """

    layers: tuple[LayerSignal, ...]
    samples: int
    steps: int
    losses: tuple[float, ...]
    lrs: tuple[float, ...]
    non_finite_step: int | None
    input_std: float
    lr: float
    optimizer: str
    init: str
    normalization: str
    activation: str
    usual_normalization: str = "batch"
    normalize: str = ""
    clipped: bool = False
    usual_init: bool = True
    learned: bool = False

    @property
    def hidden(self) -> list[LayerSignal]:
        """All layers but the head."""
        return [layer for layer in self.layers if not layer.head]

    @property
    def user_network(self) -> bool:
        """Whether the network is a user's own, which the recipe's init and norms do not reach."""
        return not self.activation

    @property
    def lower_lr(self) -> dict[str, Any]:
        """The catalogue's edit for steps that are too large."""
        return {"optimizer.lr": float(f"{self.lr / 10:.2g}")}

    @property
    def fitted(self) -> bool:
        """Whether little was left to learn at the end: small gradients are normal then."""
        end = self.losses[-max(1, len(self.losses) // 10) :]
        return bool(end) and fmean(end) < FITTED * self.losses[0]
