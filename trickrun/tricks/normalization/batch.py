from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class Batch(NormalizationLayer):
    """Normalize each feature over the batch; in evaluation, by running statistics.

    Formula: y = gamma * (x - mean_batch) / sqrt(var_batch + eps) + beta.
    When: convolutional and fully connected nets with batches of about 16 or more.
    Defaults: momentum 0.1 and eps 1e-5 are PyTorch's.
    Interactions: the bias of the layer before it is dropped; small batches make it noisy, then
        group or layer normalization is the alternative. ``recalibrate`` costs a forward pass over
        the training split before each evaluation; it helps where the running statistics lag
        behind: few steps per evaluation, a small momentum, averaged weights.
    Source: Ioffe & Szegedy 2015, Batch Normalization, arXiv:1502.03167.
    """

    subtracts_mean: ClassVar[bool] = True
    over_samples: ClassVar[bool] = True
    keeps_scale: ClassVar[bool] = True

    kind: Literal["batch"] = "batch"
    momentum: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="share of the new batch in the running statistics"
    )
    eps: Positive = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="learn gamma and beta")
    recalibrate: bool = Field(
        default=False, description="before each evaluation take the statistics of the training data"
    )

    @property
    def trains_alone(self) -> bool:
        """A stack has no forward pass over the training split."""
        return self.recalibrate

    @property
    def recalibrates(self) -> bool:
        return self.recalibrate

    def layer(self, features: int, dims: int) -> nn.Module:
        from torch import nn

        kinds: tuple[type[nn.Module], ...] = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)
        return kinds[dims](features, eps=self.eps, momentum=self.momentum, affine=self.affine)
