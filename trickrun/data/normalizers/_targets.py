"""How values to predict are scaled for the loss, and brought back to the data's own unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers.standard import Standard
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

TargetScale = Literal["none", "standard", "log", "quantile"]

KNOTS = 1000
"""Most knots of a quantile scale. Scikit-learn's QuantileTransformer has as many by default."""


class TargetScaler(Protocol):
    """An increasing map of values to predict [N, targets], and its inverse."""

    @property
    def off(self) -> bool:
        """Whether it leaves values as they are."""
        ...

    def to(self, to: torch.device | torch.dtype, /) -> TargetScaler:
        """Return the same scaler on a device, or in another type."""
        ...

    def __call__(self, y: torch.Tensor, /) -> torch.Tensor:
        """Return values [N, targets] as the loss sees them. Raises DataError for values that it
        does not map."""
        ...

    def back(self, y: torch.Tensor, /) -> torch.Tensor:
        """Return what scaled values [N, targets] are in the data's own unit."""
        ...


@dataclass(frozen=True)
class LogScaler:
    """The natural logarithm, scaled to mean 0 and deviation 1: y becomes (log y - shift) / scale.

    Args:
        scaler: of the logarithms.
    """

    scaler: Scaler

    @property
    def off(self) -> bool:
        return False

    def to(self, to: torch.device | torch.dtype) -> LogScaler:
        return LogScaler(self.scaler.to(to))

    def __call__(self, y: torch.Tensor) -> torch.Tensor:
        without = ~(y > 0)
        if without.any():
            raise DataError(
                f"{int(without.sum())} of {y.numel()} targets have no logarithm, such as "
                f"{float(y[without][0]):g}",
                "data.scale_targets",
                "log takes only values above 0; quantile and standard take all values",
            )
        return self.scaler(y.log())

    def back(self, y: torch.Tensor) -> torch.Tensor:
        return self.scaler.back(y).exp()


@dataclass(frozen=True)
class Curve:
    """A piecewise linear, increasing function of one target.

    Args:
        values: float64 [K], increasing, in the data's own unit.
        scores: float64 [K], increasing: what they become.
        spread: by how much a value grows with a score of 1 more, beyond the ends.
    """

    values: torch.Tensor
    scores: torch.Tensor
    spread: float

    def to(self, to: torch.device | torch.dtype) -> Curve:
        return Curve(self.values.to(to), self.scores.to(to), self.spread)


@dataclass(frozen=True)
class QuantileScaler:
    """Each value's quantile among the training targets, as a normal distribution has it.

    Args:
        curves: one for each target.
    """

    curves: tuple[Curve, ...]

    @property
    def off(self) -> bool:
        return False

    def to(self, to: torch.device | torch.dtype) -> QuantileScaler:
        return QuantileScaler(tuple(curve.to(to) for curve in self.curves))

    def __call__(self, y: torch.Tensor) -> torch.Tensor:
        return by_column(
            y, [(curve.values, curve.scores, 1 / curve.spread) for curve in self.curves]
        )

    def back(self, y: torch.Tensor) -> torch.Tensor:
        return by_column(y, [(curve.scores, curve.values, curve.spread) for curve in self.curves])


def by_column(
    y: torch.Tensor, functions: Sequence[tuple[torch.Tensor, torch.Tensor, float]]
) -> torch.Tensor:
    """Return [..., targets], each target by its piecewise linear function: the places of its knots,
    its values there, and its slope beyond them."""
    import torch

    columns = [
        interpolated(column.contiguous(), *function)
        for column, function in zip(y.unbind(-1), functions, strict=True)
    ]
    return torch.stack(columns, -1).to(y.dtype)


def interpolated(
    x: torch.Tensor, places: torch.Tensor, values: torch.Tensor, slope: float
) -> torch.Tensor:
    """Return a piecewise linear function of ``x`` that goes through ``values`` [K] at ``places``
    [K] and on with ``slope`` beyond them."""
    import torch

    right = torch.searchsorted(places, x).clamp(1, len(places) - 1)
    low, high = places[right - 1], places[right]
    share = (x - low) / (high - low)
    inside = torch.lerp(values[right - 1], values[right], share)
    below = values[0] + (x - places[0]) * slope
    above = values[-1] + (x - places[-1]) * slope
    beyond = torch.where(x < places[0], below, above)
    return torch.where((x < places[0]) | (x > places[-1]), beyond, inside)


def fit_targets(scale: TargetScale, y: torch.Tensor) -> TargetScaler:
    """Return the scaler of training targets [N, targets] in float64.

    Raises DataError for values that it does not map.
    """
    if scale == "none":
        return Scaler()
    if scale == "quantile":
        return QuantileScaler(tuple(curve_of(column) for column in y.unbind(1)))
    if scale == "log":
        LogScaler(Scaler())(y)
        return LogScaler(Standard(per="feature").fit(y.log()))
    return Standard(per="feature").fit(y)


def curve_of(y: torch.Tensor) -> Curve:
    """Return the function that makes training targets [N] a normal distribution.

    A value of which a share a is smaller and a share b equal has the score Φ⁻¹(a + b/2), scaled so
    that all scores have mean 0 and deviation 1. Knots are all different values, or at most KNOTS of
    them at even shares. A target that never varies gets score 0.

    Raises DataError for values whose deviation float64 does not hold.
    """
    import torch

    values, repeats = y.double().unique(return_counts=True)
    counts = repeats.double()
    if len(values) == 1:
        return Curve(values + torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]).double(), 1.0)
    spread = float(y.double().std(correction=0))
    if not 0 < spread < float("inf"):
        raise DataError(
            f"the targets run from {float(values[0]):g} to {float(values[-1]):g}, which is too "
            "wide or too narrow to scale",
            "data.scale_targets",
            "predict them in another unit",
        )
    share = (counts.cumsum(0) - counts / 2) / len(y)
    scores = torch.special.ndtri(share)
    scores -= (scores * counts).sum() / len(y)
    scores /= ((scores**2 * counts).sum() / len(y)).sqrt()
    if len(values) > KNOTS:
        wanted = torch.linspace(float(share[0]), float(share[-1]), KNOTS, dtype=torch.float64)
        chosen = torch.searchsorted(share, wanted).clamp(max=len(values) - 1).unique()
        values, scores = values[chosen], scores[chosen]
    return Curve(values, scores, spread)


def told(scaler: TargetScaler) -> dict[str, Any]:
    """Return a scaler as plain data, under the names that a run's data.json has."""
    found: dict[str, Any] = {"target_shift": None, "target_scale": None}
    if isinstance(scaler, QuantileScaler):
        return found | {
            "target_form": "quantile",
            "target_curves": [
                {
                    "values": curve.values.tolist(),
                    "scores": curve.scores.tolist(),
                    "spread": curve.spread,
                }
                for curve in scaler.curves
            ],
        }
    affine = scaler.scaler if isinstance(scaler, LogScaler) else scaler
    assert isinstance(affine, Scaler)
    if affine.shift is not None and affine.scale is not None:
        found |= {"target_shift": affine.shift.tolist(), "target_scale": affine.scale.tolist()}
    return found | ({"target_form": "log"} if isinstance(scaler, LogScaler) else {})


def read_curves(found: Any, targets: int) -> QuantileScaler:
    """Return the scaler that ``told`` told. Raises ValueError for what it does not write."""
    if not isinstance(found, list) or len(found) != targets:
        raise ValueError(f"target_curves are not one for each of {targets} targets")
    return QuantileScaler(tuple(map(read_curve, found)))


def read_curve(found: Any) -> Curve:
    """Return one of its curves. Raises ValueError."""
    import torch

    keys = ("values", "scores")
    if not isinstance(found, Mapping) or {*found} != {*keys, "spread"}:
        raise ValueError("a target curve has not the keys values, scores and spread")
    try:
        values, scores = (torch.tensor(found[key], dtype=torch.float64) for key in keys)
        spread = float(found["spread"])
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise ValueError("a target curve has no arrays of numbers") from error
    if values.ndim != 1 or values.shape != scores.shape or len(values) < 2:
        raise ValueError("a target curve has not as many values as scores")
    ends = torch.tensor([spread, values[0], values[-1], scores[0], scores[-1]])
    if not (values.diff() > 0).all() or not (scores.diff() > 0).all() or not ends.isfinite().all():
        raise ValueError("a target curve does not increase")
    if spread <= 0:
        raise ValueError("the spread of a target curve is not above 0")
    return Curve(values, scores, spread)
