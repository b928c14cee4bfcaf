"""The operations of RandAugment and TrivialAugment: each a change of whole batches whose strength
is a number from 0 to 1 for each sample.

Posterize, solarize and autocontrast need black and white: these are each image's own darkest and
brightest value. The papers' equalize is left out; it needs a histogram of 256 values an image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trickrun.tricks.augmentation._color import away_from, brightened, contrasted, saturated
from trickrun.tricks.augmentation._draws import broadcast, uniform
from trickrun.tricks.augmentation._warp import rotation, shearing, translation, warp

if TYPE_CHECKING:
    import torch

Operation = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""Images [N, C, H, W] and a strength [N] from -1 to 1 to changed images, or to the matrices
[N, 2, 3] of an affine map."""


@dataclass(frozen=True)
class Policy:
    """The operations to choose from: affine maps, by their matrices, and other changes."""

    maps: tuple[Operation, ...]
    changes: tuple[Operation, ...]


@dataclass(frozen=True)
class Ranges:
    """What strength 1 means.

    Args:
        degrees: of rotation.
        slope: of shearing.
        offset: of translation, as a share of the image's size.
        factor: of brightness, contrast, saturation and sharpness: 1 - factor to 1 + factor.
        bits: that posterize takes away of 8.
    """

    degrees: float
    slope: float
    offset: float
    factor: float
    bits: int


def policy(ranges: Ranges, channels: int) -> Policy:
    """Return the operations for images of so many channels."""

    def turned(x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        return rotation(x, ranges.degrees * strength)

    def slanted(x: torch.Tensor, strength: torch.Tensor, row: int) -> torch.Tensor:
        return shearing(x, ranges.slope * strength, row)

    def moved(x: torch.Tensor, strength: torch.Tensor, dim: int) -> torch.Tensor:
        offset = (ranges.offset * x.shape[dim] * strength).round()
        still = offset.new_zeros(())
        right, down = (offset, still) if dim == 3 else (still, offset)
        return translation(x, right, down)

    def by_factor(x: torch.Tensor, strength: torch.Tensor, change: Operation) -> torch.Tensor:
        return change(x, 1 + ranges.factor * strength)

    slants = (partial(slanted, row=row) for row in (0, 1))
    moves = (partial(moved, dim=dim) for dim in (2, 3))
    factors = [brightened, contrasted, sharpened, *([saturated] if channels == 3 else [])]
    changes = (partial(by_factor, change=change) for change in factors)
    posterize = partial(posterized, bits=ranges.bits)
    return Policy((turned, *slants, *moves), (unchanged, *changes, posterize, solarized, stretched))


def apply_one_each(
    x: torch.Tensor, strength: torch.Tensor, choices: Policy, generator: torch.Generator
) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W], each changed by one of ``choices``, all equally likely.

    The batch is dealt out in a random order, so each operation gets a share whose size is known
    without asking the device. ``strength`` [N] is from 0 to 1; its sign is drawn here.
    """
    import torch

    signed = strength * (2 * (uniform(x, 0, 1, generator) < 0.5) - 1)
    count = len(choices.maps) + len(choices.changes)
    size = -(-len(x) // count)
    # Places beyond the batch fill the last share: their images are computed and thrown away.
    order = torch.randperm(size * count, generator=generator, device=x.device)
    dealt = x.index_select(0, order % len(x))
    hands = list(zip(dealt.split(size), signed[order % len(x)].split(size), strict=True))
    split = len(choices.maps)
    maps = zip(choices.maps, hands[:split], strict=True)
    matrices = torch.cat([matrix(*hand) for matrix, hand in maps])
    changes = zip(choices.changes, hands[split:], strict=True)
    warped = warp(dealt[: len(matrices)], matrices, "zeros")
    changed = torch.cat([warped, *(change(*hand) for change, hand in changes)])
    return changed.index_select(0, order.argsort()[: len(x)])


def unchanged(x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Return the images as they are."""
    return x


def sharpened(x: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] at ``factors`` [N] times their distance from a smoothed
    image, whose pixel is 5 of 13 parts itself and one part each of its neighbours."""
    from torch.nn import functional

    height, width = x.shape[2:]
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    smooth = 4 * x
    for row in range(3):
        for column in range(3):
            smooth += padded[:, :, row : row + height, column : column + width]
    return away_from(smooth.div_(13), x, factors)


def ends(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the darkest and the brightest value [N, 1, 1, 1] of images ``x``."""
    # Ten times as fast on a CPU as aminmax.
    return x.amin(dim=(1, 2, 3), keepdim=True), x.amax(dim=(1, 2, 3), keepdim=True)


def posterized(x: torch.Tensor, strength: torch.Tensor, bits: int) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] in fewer steps from black to white.

    256 steps less up to ``bits`` bits, at ``strength`` [N], of any sign.
    """
    low, high = ends(x)
    width = broadcast(2 ** (bits * strength.abs()).round(), x)
    unit = (high - low).clamp(min=1e-12) / 255
    return ((x - low) / unit / width).floor() * width * unit + low


def solarized(x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] with the brightest values turned into their negative.

    At ``strength`` [N], of any sign, 0 none are, at 1 all.
    """
    import torch

    low, high = ends(x)
    threshold = high - broadcast(strength.abs(), x) * (high - low)
    return torch.where(x > threshold, low + high - x, x)


def stretched(x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] in which each channel reaches from black to white, whatever
    the strength (the papers' autocontrast)."""
    low, high = ends(x)
    darkest = x.amin(dim=(2, 3), keepdim=True)
    spread = (x.amax(dim=(2, 3), keepdim=True) - darkest).clamp(min=1e-12)
    return (x - darkest) / spread * (high - low) + low
