from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Uniform(Init):
    """Uniform weights of one size, whatever the layer's width.

    Formula: w ~ U(-bound, bound), with variance bound²/3.
    When: to reproduce old networks; the kaiming and xavier schemes scale with the width instead.
    Defaults: bound 0.05, as in Keras' random_uniform.
    Source: torch.nn.init.uniform_.
    """

    kind: Literal["uniform"] = "uniform"
    bound: Annotated[Positive, Stackable()] = Field(default=0.05, description="largest size")

    @property
    def variance(self) -> float:
        return self.bound**2 / 3

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.uniform_(weight, -self.bound, self.bound, generator=generator)
