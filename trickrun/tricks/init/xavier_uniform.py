from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init._init import GainInit

if TYPE_CHECKING:
    import torch


class XavierUniform(GainInit):
    """Uniform weights that balance the signal's size forward and the gradient's backward.

    Formula: w ~ U(-b, b) with b = gain * sqrt(6 / (fan_in + fan_out)).
    When: tanh and sigmoid networks, and attention; also known as glorot_uniform.
    Defaults: gain by the activation that follows (tanh 5/3), as torch recommends.
    Source: Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward
        neural networks; torch.nn.init.xavier_uniform_.
    """

    kind: Literal["xavier_uniform"] = "xavier_uniform"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.xavier_uniform_(weight, gain, generator=generator)
