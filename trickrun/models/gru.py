from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.models._recurrent import GatedModel

if TYPE_CHECKING:
    from torch import nn


class GRU(GatedModel):
    """A recurrent network with two gates: fewer weights than an lstm, much the same use.

    Formula: r, z = sigmoid(W x_t + U h_{t-1} + b), n = tanh(W x_t + b + r (U h_{t-1} + c)),
        h_t = (1 - z) n + z h_{t-1}.
    When: as lstm, where it should be smaller or faster.
    Defaults: one layer of 64 units, the last step's output.
    Interactions: normalization (layer, rms) acts on each layer's outputs. Next-token data takes
        the head at each step.
    Source: Cho et al. 2014, Learning Phrase Representations, arXiv:1406.1078.
    """

    kind: Literal["gru"] = "gru"

    def cell(self, features: int, bias: bool) -> nn.RNNBase:
        from torch import nn

        return nn.GRU(features, self.hidden, bias=bias, batch_first=True)
