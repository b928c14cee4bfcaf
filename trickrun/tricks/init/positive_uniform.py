from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class PositiveUniform(Init):
    """Small weights that are all positive: what ``rand * 0.01`` gives, where randn was meant.

    Formula: w ~ U(0, high), with mean high/2 and variance high²/12.
    When: to see what a mean above zero does: all units of a layer answer alike, because the mean
        outweighs what tells them apart.
    Defaults: high 0.01, the lecture's number.
    Source: CS231n, Neural Networks Part 2: Weight Initialization, which draws from a Gaussian of
        mean zero; torch.nn.init.uniform_.
    """

    one_sided: ClassVar[bool] = True

    kind: Literal["positive_uniform"] = "positive_uniform"
    high: Annotated[Positive, Stackable()] = Field(default=0.01, description="largest weight")

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.uniform_(weight, 0.0, self.high, generator=generator)
