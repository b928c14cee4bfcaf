"""Normalization of the inputs: fitted on the training split, applied to whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Annotated

from trickrun.errors import DataError
from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    import torch

CHUNK = 2**21
"""Input values that are float64 at one time while statistics are taken (16 MiB)."""


@dataclass(frozen=True)
class Scaler:
    """An affine map of inputs: (x - shift) / scale.

    Args:
        shift, scale: broadcast against a sample [*shape]; None for "leave as it is". Fitted ones
            are float64.
        constant: indices of the features that are constant in training and so got scale 1.
    """

    shift: torch.Tensor | None = None
    scale: torch.Tensor | None = None
    constant: tuple[int, ...] = ()

    @property
    def off(self) -> bool:
        """Whether it leaves values as they are."""
        return self.shift is None or self.scale is None

    def to(self, to: torch.device | torch.dtype) -> Scaler:
        """Return the same scaler on a device, or in another type."""
        if self.shift is None or self.scale is None:
            return self
        import torch

        from trickrun.nn.precision import has_float64

        if isinstance(to, torch.device) and not has_float64(to):
            return Scaler(self.shift.float().to(to), self.scale.float().to(to), self.constant)
        return Scaler(self.shift.to(to), self.scale.to(to), self.constant)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return a batch [N, *shape], normalized: in its own type if that is a float type.

        What lies between is in the wider type of the batch and the scaler.
        """
        if self.shift is None or self.scale is None:
            return x
        found = (x - self.shift) / self.scale
        return found.to(x.dtype) if x.is_floating_point() else found

    def back(self, x: torch.Tensor) -> torch.Tensor:
        """Return what a normalized batch [N, *shape] of floats was before, in its type."""
        if self.shift is None or self.scale is None:
            return x
        return (x * self.scale + self.shift).to(x.dtype)

    def sparing(self, features: Sequence[int], shape: Sequence[int]) -> Scaler:
        """Return the same scaler of samples [*shape], but one that leaves ``features`` alone."""
        if self.shift is None or self.scale is None or not features:
            return self
        shift, scale = (part.expand(*shape).clone() for part in (self.shift, self.scale))
        shift[list(features)], scale[list(features)] = 0.0, 1.0
        constant = tuple(place for place in self.constant if place not in features)
        return Scaler(shift, scale, constant)


class Normalize(Params):
    """Base of the ways to normalize inputs."""

    def fit(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> Scaler:
        """Return the scaler for training inputs ``x`` [N, *shape] of any number type.

        Args:
            rows: which of them train [M]; None: all.
        """
        raise NotImplementedError


def chunks(x: torch.Tensor, rows: torch.Tensor | None) -> Iterator[torch.Tensor]:
    """Yield the inputs ``rows`` [M] of [N, *shape], or all, about CHUNK numbers at a time."""
    size = max(1, CHUNK // max(1, prod(x.shape[1:])))
    if rows is None:
        yield from x.split(size)
    else:
        for some in rows.split(size):
            yield x[some]


def statistics_axes(x: torch.Tensor, per: str) -> tuple[int, ...]:
    """Return the axes of [N, *shape] that statistics are taken over."""
    by_channel = x.ndim == 4 if per == "auto" else per == "channel"
    return (0, *range(2, x.ndim)) if by_channel else (0,)


def mean_and_std(
    x: torch.Tensor, axes: tuple[int, ...], rows: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the float64 mean and standard deviation over ``axes`` of the samples ``rows`` of
    [N, *shape], or of all.

    Two passes in float64, a chunk at a time: float32 sums over 60000 images lose digits, and a
    float64 copy of them would take 376 MB. Sums are of distances from the first values, so that
    seconds since 1970 keep theirs, and what never varies has a deviation of exactly 0.
    """
    import torch

    samples = len(x) if rows is None else len(rows)
    count = samples * prod(x.shape[axis] for axis in axes if axis)
    begin = x[:1] if rows is None else x[rows[:1]]
    first = begin[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(x.ndim))]
    # Sums of bytes are exact as they are.
    first = torch.zeros_like(first.double()) if x.dtype == torch.uint8 else first.double()
    total = torch.zeros_like(first)
    for chunk in chunks(x, rows):
        total += (chunk.double() - first).sum(axes, keepdim=True)
    distance = total / count
    squares = torch.zeros_like(first)
    for chunk in chunks(x, rows):
        squares += (chunk.double() - first).sub_(distance).square_().sum(axes, keepdim=True)
    return (first + distance)[0], (squares[0] / count).sqrt()


def rounding(x: torch.Tensor) -> float:
    """Return the share of a value that is rounding where inputs are like ``x``: of float64 and of
    whole numbers only float64's own."""
    import torch

    exact = x.dtype not in (torch.uint8, torch.float16, torch.bfloat16, torch.float32)
    return 2**-50 if exact else 1e-7


def spread(value: float | tuple[float, ...], x: torch.Tensor, name: str) -> torch.Tensor:
    """Return given statistics in a shape that broadcasts against a sample of [N, *shape].

    Raises DataError unless there is one value, or one for each channel or feature.
    """
    import torch

    entries = torch.tensor(value, dtype=torch.float64).reshape(-1)
    if len(entries) not in (1, x.shape[1]):
        raise DataError(
            f"{len(entries)} values for {x.shape[1]} channels or features",
            f"data.normalize.{name}",
            "give one value, or one for each",
        )
    return entries.reshape(-1, *[1] * (x.ndim - 2))


def scaler(shift: torch.Tensor, scale: torch.Tensor, rounding: float = 1e-7) -> Scaler:
    """Return a float64 scaler in which a feature that does not vary gets scale 1.

    Args:
        rounding: the spread, as a share of the values' size, below which it is rounding, not
            variation.

    Raises DataError if a feature's statistics are beyond float64.
    """
    import torch

    shift, scale = shift.double(), scale.double()
    broken = shift.isinf() | scale.isinf()
    if broken.any():
        place = int(broken.flatten().nonzero()[0])
        raise DataError(
            f"the values of feature {place} are too large to normalize",
            "data.normalize",
            "take their logarithm, or remove the feature",
        )
    constant = scale <= rounding * shift.abs().clamp(min=1e-30)
    scale = torch.where(constant, torch.ones_like(scale), scale)
    places = tuple(int(i) for i in constant.flatten().nonzero().flatten())
    return Scaler(shift, scale, places)


NORMALIZERS = KindFolder("trickrun.data.normalizers", "_normalizer.Normalize")

AnyNormalize = Annotated[Normalize, NORMALIZERS]
"""One of the ways to normalize inputs, chosen by its kind."""
