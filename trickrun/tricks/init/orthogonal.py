from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init._init import GainInit

if TYPE_CHECKING:
    import torch


class Orthogonal(GainInit):
    """A random rotation times a gain: no direction of the signal is stretched or lost.

    Formula: W Wᵀ = gain² I or Wᵀ W = gain² I, whichever side is smaller; W is [outputs, the rest].
    When: deep or recurrent networks; each gate of an LSTM or GRU gets a rotation of its own.
    Defaults: gain by the activation that follows.
    Source: Saxe et al. 2013, Exact solutions to the nonlinear dynamics of learning in deep linear
        neural networks, arXiv:1312.6120; torch.nn.init.orthogonal_.
    """

    kind: Literal["orthogonal"] = "orthogonal"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.orthogonal_(weight, gain, generator=generator)
