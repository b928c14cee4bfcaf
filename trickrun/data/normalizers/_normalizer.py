"""Normalization of the inputs: fitted on the training split, applied to whole batches."""

from __future__ import annotations

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
        shift, scale: broadcast against a sample [*shape]; None for "leave as it is".
        constant: indices of the features that are constant in training and so got scale 1.
    """

    shift: torch.Tensor | None = None
    scale: torch.Tensor | None = None
    constant: tuple[int, ...] = ()

    def to(self, device: torch.device) -> Scaler:
        """Return the same scaler on ``device``."""
        if self.shift is None or self.scale is None:
            return self
        return Scaler(self.shift.to(device), self.scale.to(device), self.constant)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return a float batch [N, *shape], normalized."""
        if self.shift is None or self.scale is None:
            return x
        return (x - self.shift) / self.scale

    def back(self, x: torch.Tensor) -> torch.Tensor:
        """Return what a normalized batch [N, *shape] was before."""
        if self.shift is None or self.scale is None:
            return x
        return x * self.scale + self.shift


class Normalize(Params):
    """Base of the ways to normalize inputs."""

    def fit(self, x: torch.Tensor) -> Scaler:
        """Return the scaler for training inputs ``x`` [N, *shape] of any number type."""
        raise NotImplementedError


def statistics_axes(x: torch.Tensor, per: str) -> tuple[int, ...]:
    """Return the axes of [N, *shape] that statistics are taken over."""
    by_channel = x.ndim == 4 if per == "auto" else per == "channel"
    return (0, *range(2, x.ndim)) if by_channel else (0,)


def mean_and_std(x: torch.Tensor, axes: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the float64 mean and standard deviation of [N, *shape] over ``axes``.

    Two passes in float64, a chunk at a time: float32 sums over 60000 images lose digits, and a
    float64 copy of them would take 376 MB.
    """
    import torch

    chunks = torch.split(x, max(1, CHUNK // max(1, prod(x.shape[1:]))))
    count = prod(x.shape[axis] for axis in axes)
    shape = [1 if axis in axes else size for axis, size in enumerate(x.shape)]
    total = torch.zeros(shape, dtype=torch.float64)
    for chunk in chunks:
        total += chunk.double().sum(axes, keepdim=True)
    mean = total / count
    squares = torch.zeros_like(total)
    for chunk in chunks:
        squares += (chunk.double() - mean).square_().sum(axes, keepdim=True)
    return mean[0], (squares[0] / count).sqrt()


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


def scaler(shift: torch.Tensor, scale: torch.Tensor) -> Scaler:
    """Return a float32 scaler in which a feature that does not vary gets scale 1.

    A spread below 1e-7 of the values' size is rounding, not variation.
    """
    import torch

    constant = scale <= 1e-7 * shift.abs().clamp(min=1e-30)
    scale = torch.where(constant, torch.ones_like(scale), scale)
    places = tuple(int(i) for i in constant.flatten().nonzero().flatten())
    return Scaler(shift.float(), scale.float(), places)


NORMALIZERS = KindFolder("trickrun.data.normalizers", "_normalizer.Normalize")

AnyNormalize = Annotated[Normalize, NORMALIZERS]
"""One of the ways to normalize inputs, chosen by its kind."""
