from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Share, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Sparse(Init):
    """Normal weights, of which each input keeps only a few: all others start at zero.

    Formula: w ~ N(0, std²); in each column of W [outputs, the rest] the same share of randomly
        chosen entries is 0.
    When: wide layers whose units should start different from each other without saturating; a
        historical alternative to scaling by the fan.
    Defaults: nine tenths zeros and std 0.01, after the example and default of PyTorch. Martens kept
        15 inputs per unit.
    Interactions: weights at zero are trained like all others: the network does not stay sparse.
    Source: Martens 2010, Deep learning via Hessian-free optimization; torch.nn.init.sparse_, which
        draws the places from the global generator.
    """

    kind: Literal["sparse"] = "sparse"
    sparsity: Annotated[Share, Stackable()] = Field(
        default=0.9, description="share of each column that is zero"
    )
    std: Annotated[Positive, Stackable()] = Field(
        default=0.01, description="standard deviation of the others"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        import torch
        from torch.nn import init

        init.normal_(weight, 0.0, self.std, generator=generator)
        matrix = weight.view(len(weight), -1)
        zeros = math.ceil(self.sparsity * len(matrix))
        order = torch.rand(matrix.shape, generator=generator).argsort(dim=0)
        matrix.scatter_(0, order[:zeros], 0.0)
