"""Statistics of layers over many batches: mean, spread, dead and saturated units, histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from trickrun.findings.evidence.signal import Histogram
from trickrun.training.introspection.layer_pass import Seen

SATURATED = 0.85
"""TheDeepChecker's bound for a unit's mean distance from the middle of its activation's range, as a
share of half the range: Rakitianskaia & Engelbrecht's measure (2015), whose bins never straddle the
middle, so that it is that mean."""

KEPT = 20_000
"""Values of a layer that its histograms are made of."""

BINS = 40


@dataclass
class PerUnit:
    """Sums over all samples and places, for each unit, in double precision."""

    count: int = 0
    total: torch.Tensor = field(default_factory=lambda: torch.zeros(()))
    squares: torch.Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, values: torch.Tensor) -> None:
        """Add ``values`` [n, units]."""
        self.count += len(values)
        self.total = self.total + values.sum(0, dtype=torch.float64)
        self.squares = self.squares + values.double().square().sum(0)

    @property
    def means(self) -> torch.Tensor:
        """Each unit's mean [units]."""
        return self.total / self.count

    @property
    def mean(self) -> float:
        """The mean over all units."""
        return float(self.means.mean())

    @property
    def std(self) -> float:
        """The standard deviation over all units, samples and places together."""
        variance = float((self.squares / self.count).mean()) - self.mean**2
        return math.sqrt(variance) if variance > 0 else 0.0 * variance


@dataclass
class Statistics:
    """What is gathered of one layer, batch by batch."""

    pre: PerUnit = field(default_factory=PerUnit)
    post: PerUnit = field(default_factory=PerUnit)
    entered: PerUnit | None = None
    alive: torch.Tensor | None = None
    distance: torch.Tensor | None = None
    kept_pre: list[torch.Tensor] = field(default_factory=list)
    kept_post: list[torch.Tensor] = field(default_factory=list)
    kept: int = 0

    def add(self, layer: Seen) -> None:
        """Add one batch."""
        axis = layer.unit_axis
        pre, post = by_unit(layer.pre, axis), by_unit(layer.post, axis)
        self.pre.add(pre)
        self.post.add(post)
        if layer.entered is not None:
            self.entered = self.entered or PerUnit()
            self.entered.add(by_unit(layer.entered, axis))
        alive = (post != 0).any(0)
        self.alive = alive if self.alive is None else self.alive | alive
        if layer.range is not None:
            low, high = layer.range
            off = ((post - low) * (2 / (high - low)) - 1).abs().sum(0, dtype=torch.float64)
            self.distance = off if self.distance is None else self.distance + off
        if self.kept < KEPT:
            self.kept_pre.append(thinned(pre))
            self.kept_post.append(thinned(post))
            self.kept += len(self.kept_post[-1])

    @property
    def dead_fraction(self) -> float:
        """The share of units that were 0 each time."""
        assert self.alive is not None
        return float((~self.alive).double().mean())

    @property
    def saturated_fraction(self) -> float:
        """The share of units that are, on average, near an end of their range."""
        if self.distance is None:
            return 0.0
        return float((self.distance / self.post.count > SATURATED).double().mean())

    def drift(self, first: Statistics) -> float | None:
        """Return how far the units' mean inputs moved since ``first``, in deviations of then."""
        if self.entered is None or first.entered is None or first.entered.std == 0:
            return None
        moved = (self.entered.means - first.entered.means).square().mean().sqrt()
        return float(moved) / first.entered.std


def by_unit(values: torch.Tensor, axis: int) -> torch.Tensor:
    """Return values as [samples and places, units].

    Args:
        axis: that of the units; a flattened output of a convolution has units in its last.
    """
    if axis == 1 and values.ndim > 2:
        values = values.movedim(1, -1)
    return values.reshape(-1, values.shape[-1])


def thinned(values: torch.Tensor) -> torch.Tensor:
    """Return at most a fifth of KEPT values at even distances, so that five batches fill it."""
    flat = values.flatten()
    return flat[:: max(1, 5 * len(flat) // KEPT)].float().cpu()


def histogram(kept: list[torch.Tensor]) -> Histogram:
    """Return the histogram of the values kept, without the outermost thousandth on each side.

    Values that are not finite are left out.
    """
    values = torch.cat(kept)
    values = values[values.isfinite()]
    if len(values) == 0:
        return Histogram(0.0, 0.0, (0,) * BINS)
    low, high = torch.quantile(values, torch.tensor([0.001, 0.999])).tolist()
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(values.clamp(low, high), BINS, low, high)
    return Histogram(low, high, tuple(int(count) for count in counts))
