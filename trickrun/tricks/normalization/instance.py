from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import Positive
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class Instance(NormalizationLayer):
    """Normalize each channel of each sample over its positions; the batch plays no part.

    Formula: y = gamma * (x - mean_positions) / sqrt(var_positions + eps) + beta.
    When: image style and generation, where an image's contrast should not matter. For
        classification that contrast is often information: prefer group.
    Defaults: eps 1e-5 is PyTorch's; affine is on, other than there, because the bias of the layer
        before it is dropped.
    Interactions: only for layers with positions: images, not tables or fully connected layers.
    Source: Ulyanov et al. 2016, Instance Normalization, arXiv:1607.08022.
    """

    subtracts_mean: ClassVar[bool] = True

    keeps_scale: ClassVar[bool] = True

    kind: Literal["instance"] = "instance"
    eps: Positive = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="learn gamma and beta")

    def layer(self, features: int, dims: int) -> nn.Module:
        """Return the layer; CompileError if the features have no positions (``dims`` 0)."""
        from torch import nn

        if dims == 0:
            raise CompileError(
                "instance normalization is over the positions of a channel, and a fully connected "
                "layer's feature has only one: a number minus its own mean is always 0",
                "normalization",
                "use layer, group or batch; or a cnn with hidden: []",
            )
        kinds: dict[int, type[nn.Module]] = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d}
        return kinds[dims](features, eps=self.eps, affine=self.affine)
