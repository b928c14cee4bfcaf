from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Constant(Init):
    """Every weight the same number.

    Formula: w = value.
    When: to see what symmetry does: all units of a layer stay copies of each other. For the head
        alone it is harmless.
    Defaults: 0.01, small enough that the first loss is that of a uniform guess.
    Source: torch.nn.init.constant_.
    """

    equal: ClassVar[bool] = True

    kind: Literal["constant"] = "constant"
    value: Annotated[float, Stackable()] = Field(default=0.01, description="of every weight")

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.constant_(weight, self.value)
