from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class Layer(NormalizationLayer):
    """Normalize each sample over all features of the layer; the batch plays no part.

    Formula: y = gamma * (x - mean_sample) / sqrt(var_sample + eps) + beta. For images the mean is
        over channels and positions, with one gamma and one beta per channel: group with one group.
    When: small batches, recurrent networks and transformers.
    Defaults: eps 1e-5 is PyTorch's.
    Interactions: it removes what all features of a layer have in common, not a bias of each, so
        biases before it stay.
    Source: Ba et al. 2016, Layer Normalization, arXiv:1607.06450.
    """

    keeps_scale: ClassVar[bool] = True
    least_units: ClassVar[int] = 2
    """Two numbers less their mean are x and -x."""

    kind: Literal["layer"] = "layer"
    eps: Positive = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="learn gamma and beta")

    def layer(self, features: int, dims: int) -> nn.Module:
        from torch import nn

        if dims == 0:
            return nn.LayerNorm(features, eps=self.eps, elementwise_affine=self.affine)
        return nn.GroupNorm(1, features, eps=self.eps, affine=self.affine)
