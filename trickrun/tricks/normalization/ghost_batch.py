from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive, TwoOrMore
from trickrun.tricks.normalization._normalization import NormalizationLayer

if TYPE_CHECKING:
    from torch import nn


class GhostBatch(NormalizationLayer):
    """Batch normalization over parts of the batch, so that a large batch keeps a small one's noise.

    Formula: y = gamma * (x - mean_part) / sqrt(var_part + eps) + beta for each part of the batch;
        in evaluation by running statistics.
    When: batches of some hundred samples and more, whose batch statistics no longer regularize.
    Defaults: parts of 32 samples; momentum and eps as for batch.
    Interactions: a batch that ``virtual_batch`` does not divide is cut into nearly equal parts of
        at least that size. A smaller batch is one part: then it is batch normalization.
    Source: Hoffer et al. 2017, Train longer, generalize better, arXiv:1705.08741.
    """

    subtracts_mean: ClassVar[bool] = True
    over_samples: ClassVar[bool] = True
    keeps_scale: ClassVar[bool] = True

    kind: Literal["ghost_batch"] = "ghost_batch"
    virtual_batch: TwoOrMore = Field(
        default=32, description="samples whose statistics are taken together, at least"
    )
    momentum: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.1, description="share of each new part in the running statistics"
    )
    eps: Positive = Field(default=1e-5, description="added to the variance")
    affine: bool = Field(default=True, description="learn gamma and beta")

    def layer(self, features: int, dims: int) -> nn.Module:
        from trickrun.nn.norms import GhostBatchNorm1d, GhostBatchNorm2d

        kind = GhostBatchNorm2d if dims == 2 else GhostBatchNorm1d
        return kind(self.virtual_batch, features, self.eps, self.momentum, self.affine)
