from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class RMS(NormalizationLayer):
    """Divide each sample by the root mean square of its features; no mean is subtracted.

    Formula: y = gamma * x / sqrt(mean(x²) + eps). For images the mean is over channels and
        positions, and there is one gamma per channel.
    When: in place of layer normalization where its cost shows; usual in language models.
    Defaults: eps 1e-5, as for the other kinds (torch.nn.RMSNorm takes the type's smallest).
    Interactions: it has no beta and keeps the mean, so biases before it stay.
    Source: Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv:1910.07467.
    """

    keeps_scale: ClassVar[bool] = True
    least_units: ClassVar[int] = 1

    kind: Literal["rms"] = "rms"
    eps: Positive = Field(default=1e-5, description="added to the mean square")
    affine: bool = Field(default=True, description="learn gamma")

    def layer(self, features: int, dims: int) -> nn.Module:
        from torch import nn

        from trickrun.nn.norms import ChannelRMSNorm

        if dims == 0:
            return nn.RMSNorm(features, eps=self.eps, elementwise_affine=self.affine)
        return ChannelRMSNorm(features, eps=self.eps, affine=self.affine)
