from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class LecunNormal(Init):
    """Normal weights whose variance keeps the signal's size through linear layers.

    Formula: w ~ N(0, 1 / fan_in).
    When: selu networks, for which it is the fixed point's condition; tanh networks.
    Defaults: no gain; with one it would be kaiming_normal.
    Source: LeCun et al. 1998, Efficient BackProp; Klambauer et al. 2017, arXiv:1706.02515.
    """

    kind: Literal["lecun_normal"] = "lecun_normal"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.kaiming_normal_(weight, nonlinearity="linear", generator=generator)
