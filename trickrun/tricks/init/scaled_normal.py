from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init, fan

if TYPE_CHECKING:
    import torch


class ScaledNormal(Init):
    """Normal weights divided by the square root of the inputs, whatever activation follows.

    Formula: w = randn / sqrt(fan_in / scale), that is w ~ N(0, scale / fan_in).
    When: to compare 1/sqrt(fan_in) (scale 1, which is lecun_normal) with 1/sqrt(fan_in/2) (scale 2,
        kaiming_normal for ReLU) by one number; a grid may search it.
    Defaults: scale 2, for ReLU layers.
    Source: CS231n, Neural Networks Part 2: Calibrating the variances with 1/sqrt(n); He et al.
        2015, arXiv:1502.01852.
    """

    kind: Literal["scaled_normal"] = "scaled_normal"
    scale: Annotated[Positive, Stackable()] = Field(
        default=2.0, description="variance of a weight times the number of inputs"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        std = (self.scale / fan(weight, "fan_in")) ** 0.5
        init.normal_(weight, 0.0, std, generator=generator)
