from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability

if TYPE_CHECKING:
    import torch


class Blur(Augmentation):
    """Blur each image by a Gauss kernel of a width of its own.

    Formula: x * g_s with g_s(d) proportional to exp(-d^2 / (2 s^2)), s ~ U(0, sigma), cut off at
        3 sigma; beyond the edge the border's pixel is seen.
    When: photos out of focus or in motion; part of contrastive pretraining.
    Defaults: sigma 1 pixel, on every second image as in SimCLR; larger images bear more (SimCLR
        uses up to 2 at 224 pixels).
    Source: Chen et al. 2020, SimCLR, arXiv:2002.05709.
    """

    main: ClassVar[str | None] = "sigma"

    kind: Literal["blur"] = "blur"
    sigma: Annotated[float, Field(ge=0, le=10)] = Field(
        default=1.0, description="largest standard deviation of the kernel, in pixels"
    )
    p: Probability = Field(default=0.5, description="probability that an image is blurred")

    @property
    def off(self) -> bool:
        return self.sigma == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        sigmas = uniform(x, 0, self.sigma, generator)
        changed = blurred(x, sigmas, math.ceil(3 * self.sigma))
        return with_probability(self.p, changed, x, generator), y


def blurred(x: torch.Tensor, sigmas: torch.Tensor, radius: int) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] blurred by ``sigmas`` [N] pixels.

    Args:
        radius: the kernel ends after so many pixels.
    """
    import torch

    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    # A width of 0 is a kernel of one pixel.
    kernels = torch.exp(-0.5 * (offsets / sigmas.clamp(min=1e-3)[:, None]).square())
    kernels /= kernels.sum(dim=1, keepdim=True)
    return convolved(convolved(x, kernels, dim=3), kernels, dim=2)


def convolved(x: torch.Tensor, kernels: torch.Tensor, dim: int) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] averaged along ``dim`` with ``kernels`` [N, 2 r + 1].

    A convolution with a kernel for each sample would be one of N * C groups, which is slow on a
    CPU; the sum over shifted images is not.
    """
    import torch
    from torch.nn import functional

    size = x.shape[dim]
    radius = kernels.shape[1] // 2
    ends = (radius, radius, 0, 0) if dim == 3 else (0, 0, radius, radius)
    padded = functional.pad(x, ends, mode="replicate")
    out = torch.zeros_like(x)
    for place, weight in enumerate(kernels.t()):
        out.addcmul_(padded.narrow(dim, place, size), weight.reshape(-1, 1, 1, 1))
    return out
