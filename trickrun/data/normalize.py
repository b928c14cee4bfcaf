"""Normalization of the inputs: fitted on the training split, applied to whole batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.errors import DataError
from trickrun.params import Params, Positive

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


class NoNormalize(Normalize):
    """Leave the inputs as they are: images stay 0 to 255.

    Formula: x.
    When: inputs that are scaled already.
    Defaults: none.
    Source: none.
    """

    kind: Literal["none"] = "none"

    def fit(self, x: torch.Tensor) -> Scaler:
        return Scaler()


class Standard(Normalize):
    """Give every feature mean 0 and standard deviation 1 on the training split.

    Formula: (x - mean) / std; a feature that is constant in training gets scale 1 and is listed.
    When: almost always.
    Defaults: per auto is by feature for tables and by channel for images, because a border pixel
        that is almost always 0 has a tiny deviation and would blow up rare values.
    Source: LeCun et al. 1998, Efficient BackProp.
    """

    kind: Literal["standard"] = "standard"
    per: Literal["auto", "feature", "channel"] = Field(
        default="auto", description="what has statistics of its own; auto: channel for images"
    )

    def fit(self, x: torch.Tensor) -> Scaler:
        mean, std = mean_and_std(x, statistics_axes(x, self.per))
        return scaler(mean, std)


class MinMax(Normalize):
    """Map every feature to 0..1 on the training split.

    Formula: (x - min) / (max - min); a feature that is constant in training gets scale 1.
    When: bounded inputs such as pixels.
    Defaults: per auto is by feature for tables and by channel for images.
    Source: sklearn.preprocessing.MinMaxScaler.
    """

    kind: Literal["minmax"] = "minmax"
    per: Literal["auto", "feature", "channel"] = Field(
        default="auto", description="what has statistics of its own; auto: channel for images"
    )

    def fit(self, x: torch.Tensor) -> Scaler:
        axes = statistics_axes(x, self.per)
        low = x.amin(dim=axes, keepdim=True)[0].double()
        high = x.amax(dim=axes, keepdim=True)[0].double()
        return scaler(low, high - low)


class Fixed(Normalize):
    """Use a known mean and standard deviation, for example those of a pretrained model's data.

    Formula: (x - mean) / std, in the data's own unit (images: 0 to 255).
    When: the statistics must be those of another data set.
    Defaults: none.
    Source: none.
    """

    kind: Literal["fixed"] = "fixed"
    mean: float | Annotated[tuple[float, ...], Field(strict=False)] = Field(
        description="subtracted; one number, or one for each channel or feature"
    )
    std: Positive | Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        description="divided by; one number, or one for each channel or feature"
    )

    def fit(self, x: torch.Tensor) -> Scaler:
        return scaler(spread(self.mean, x, "mean"), spread(self.std, x, "std"))


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


AnyNormalize = Annotated[NoNormalize | Standard | MinMax | Fixed, Field(discriminator="kind")]
