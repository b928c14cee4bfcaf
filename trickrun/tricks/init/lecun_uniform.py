from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class LecunUniform(Init):
    """Uniform weights whose variance keeps the signal's size through linear layers.

    Formula: w ~ U(-b, b) with b = sqrt(3 / fan_in).
    When: as lecun_normal, where no weight should be far from the others.
    Defaults: no gain; with one it would be kaiming_uniform.
    Source: LeCun et al. 1998, Efficient BackProp.
    """

    kind: Literal["lecun_uniform"] = "lecun_uniform"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.kaiming_uniform_(weight, nonlinearity="linear", generator=generator)
