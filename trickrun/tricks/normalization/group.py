from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import Count, Positive
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class Group(NormalizationLayer):
    """Normalize each sample over groups of neighbouring channels; the batch plays no part.

    Formula: y = gamma * (x - mean_group) / sqrt(var_group + eps) + beta, the mean over the channels
        of a group and all positions; each channel has one gamma and one beta.
    When: convolutional networks with batches too small for batch normalization.
    Defaults: 8 groups suit narrow networks; the paper's 32 are meant for 64 channels and more.
    Interactions: groups must divide the channels of every hidden layer. One group is layer
        normalization, one per channel is instance normalization.
    Source: Wu & He 2018, Group Normalization, arXiv:1803.08494.
    """

    keeps_scale: ClassVar[bool] = True

    kind: Literal["group"] = "group"
    groups: Count = Field(default=8, description="groups of equal size in each layer")
    eps: Positive = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="learn gamma and beta")

    def layer(self, features: int, dims: int) -> nn.Module:
        """Return the layer; CompileError if the groups cannot be equal, or are one number each."""
        from torch import nn

        if features % self.groups:
            raise CompileError(
                f"a layer of {features} channels cannot be split into {self.groups} equal groups: "
                f"{features} = {features // self.groups} * {self.groups} + "
                f"{features % self.groups}",
                "normalization.groups",
                f"use a divisor of {features}, or change the layer's width",
            )
        if dims == 0 and features == self.groups:
            raise CompileError(
                f"{features} groups of {features} features are one number each, and a number "
                "minus its own mean is always 0",
                "normalization.groups",
                "use fewer groups",
            )
        return nn.GroupNorm(self.groups, features, eps=self.eps, affine=self.affine)
