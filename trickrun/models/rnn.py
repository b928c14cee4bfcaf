from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trickrun.models._recurrent import RecurrentModel

if TYPE_CHECKING:
    from torch import nn


class RNN(RecurrentModel):
    """A plain recurrent network over sequences, over tokens, or over the rows of an image.

    Formula: h_t = activation(W x_t + b + U h_{t-1} + c); the head sees the last h, or their mean.
    When: to see what gates are for; short sequences.
    Defaults: one layer of 64 units with tanh, the last step's output.
    Interactions: gradients shrink or grow with each step: ``clip`` and an orthogonal or identity
        init help. Normalization (layer, rms) acts on each layer's outputs. Next-token data takes
        the head at each step.
    Source: Elman 1990, Finding Structure in Time.
    """

    kind: Literal["rnn"] = "rnn"
    activation: Literal["tanh", "relu"] = Field(default="tanh", description="of each step")

    def cell(self, features: int, bias: bool) -> nn.RNNBase:
        from torch import nn

        return nn.RNN(
            features, self.hidden, nonlinearity=self.activation, bias=bias, batch_first=True
        )
