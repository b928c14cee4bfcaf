from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init._init import GainInit

if TYPE_CHECKING:
    import torch


class XavierNormal(GainInit):
    """Normal weights that balance the signal's size forward and the gradient's backward.

    Formula: w ~ N(0, gain² * 2 / (fan_in + fan_out)).
    When: tanh and sigmoid networks; also known as glorot_normal.
    Defaults: gain by the activation that follows (tanh 5/3), as torch recommends.
    Source: Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward
        neural networks; torch.nn.init.xavier_normal_.
    """

    kind: Literal["xavier_normal"] = "xavier_normal"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.xavier_normal_(weight, gain, generator=generator)
