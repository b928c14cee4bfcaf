from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.models._recurrent import GatedModel

if TYPE_CHECKING:
    from torch import nn


class LSTM(GatedModel):
    """A recurrent network whose gates decide what a cell keeps, takes in and shows.

    Formula: i, f, o = sigmoid(W x_t + U h_{t-1} + b), g = tanh(…), c_t = f c_{t-1} + i g,
        h_t = o tanh(c_t).
    When: sequences and text with dependencies over tens to hundreds of steps.
    Defaults: one layer of 64 units, the last step's output. The gates stand in PyTorch's order:
        i, f, g, o.
    Interactions: it starts to remember sooner with a forget gate whose bias is 1. Normalization
        (layer, rms) acts on each layer's outputs. Next-token data takes the head at each step.
    Source: Hochreiter & Schmidhuber 1997, Long Short-Term Memory; Gers et al. 2000 for f.
    """

    kind: Literal["lstm"] = "lstm"

    def cell(self, features: int, bias: bool) -> nn.RNNBase:
        from torch import nn

        return nn.LSTM(features, self.hidden, bias=bias, batch_first=True)
