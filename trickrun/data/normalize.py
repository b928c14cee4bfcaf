"""Normalization of the inputs: fitted on the training split, applied to whole batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Params, Positive

if TYPE_CHECKING:
    import torch


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

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return a float batch [N, *shape], normalized."""
        if self.shift is None or self.scale is None:
            return x
        return (x - self.shift) / self.scale


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
    per: Literal["auto", "feature", "channel"] = "auto"

    def fit(self, x: torch.Tensor) -> Scaler:
        axes = statistics_axes(x, self.per)
        # float64: a sum over 60000 images in float32 loses digits.
        values = x.double()
        mean = values.mean(dim=axes, keepdim=True)[0]
        std = values.std(dim=axes, correction=0, keepdim=True)[0]
        return scaler(mean, std, x)


class MinMax(Normalize):
    """Map every feature to 0..1 on the training split.

    Formula: (x - min) / (max - min); a feature that is constant in training gets scale 1.
    When: bounded inputs such as pixels.
    Defaults: per auto is by feature for tables and by channel for images.
    Source: sklearn.preprocessing.MinMaxScaler.
    """

    kind: Literal["minmax"] = "minmax"
    per: Literal["auto", "feature", "channel"] = "auto"

    def fit(self, x: torch.Tensor) -> Scaler:
        axes = statistics_axes(x, self.per)
        low = x.amin(dim=axes, keepdim=True)[0].double()
        high = x.amax(dim=axes, keepdim=True)[0].double()
        return scaler(low, high - low, x)


class Fixed(Normalize):
    """Use a known mean and standard deviation, for example those of a pretrained model's data.

    Formula: (x - mean) / std, in the data's own unit (images: 0 to 255).
    When: the statistics must be those of another data set.
    Defaults: none.
    Source: none.
    """

    kind: Literal["fixed"] = "fixed"
    mean: float | Annotated[tuple[float, ...], Field(strict=False)]
    std: Positive | Annotated[tuple[Positive, ...], Field(strict=False)]

    def fit(self, x: torch.Tensor) -> Scaler:
        import torch

        from trickrun.errors import DataError

        def spread(value: float | tuple[float, ...], where: str) -> torch.Tensor:
            entries = torch.atleast_1d(torch.tensor(value, dtype=torch.float64))
            if len(entries) not in (1, x.shape[1]):
                raise DataError(
                    f"{len(entries)} values for {x.shape[1]} channels or features",
                    f"data.normalize.{where}",
                    "give one value, or one for each",
                )
            return entries.reshape(-1, *[1] * (x.ndim - 2))

        return scaler(spread(self.mean, "mean"), spread(self.std, "std"), x)


def statistics_axes(x: torch.Tensor, per: str) -> tuple[int, ...]:
    """Return the axes of [N, *shape] that statistics are taken over."""
    by_channel = x.ndim == 4 if per == "auto" else per == "channel"
    return (0, *range(2, x.ndim)) if by_channel else (0,)


def scaler(shift: torch.Tensor, scale: torch.Tensor, x: torch.Tensor) -> Scaler:
    """Return a float32 scaler in which a feature that does not vary gets scale 1.

    A spread below 1e-7 of the values' size is rounding, not variation.
    """
    import torch

    constant = scale <= 1e-7 * shift.abs().clamp(min=1e-30)
    scale = torch.where(constant, torch.ones_like(scale), scale)
    places = tuple(int(i) for i in constant.flatten().nonzero().flatten())
    return Scaler(shift.float(), scale.float(), places)


AnyNormalize = Annotated[NoNormalize | Standard | MinMax | Fixed, Field(discriminator="kind")]
