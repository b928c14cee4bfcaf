from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.models.base import Blocks, Model
from trickrun.models.sequences import (
    Layers,
    answered,
    check_sequence,
    normed,
    padding,
    refuse_seeing_ahead,
)
from trickrun.params import Count

if TYPE_CHECKING:
    from torch import nn


class RecurrentModel(Model):
    """Parameters that rnn, lstm and gru share."""

    takes_tokens: ClassVar[bool] = True
    usual_normalization: ClassVar[Literal["batch", "layer"]] = "layer"

    hidden: Count = Field(default=64, description="units of each layer, in each direction")
    layers: Count = Field(default=1, description="recurrent layers")
    bidirectional: bool = Field(default=False, description="read the sequence both ways")
    pool: Literal["last", "mean"] = Field(
        default="last", description="what the head sees: the last step's output, or their mean"
    )
    embedding: Count = Field(default=32, description="features of each token, if inputs are tokens")

    @property
    def trains_alone(self) -> bool:
        # PyTorch's recurrent kernels cannot run under vmap.
        return True

    @property
    def hidden_layers(self) -> int:
        return self.layers

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from trickrun.modules.sequences import SequenceNetwork

        check_sequence(self.kind_name, blocks, inputs)
        if self.bidirectional:
            refuse_seeing_ahead(blocks, "a second direction", "model.bidirectional")
        layers: OrderedDict[str, nn.Module] = OrderedDict(self.before(blocks, inputs))
        features = self.features(blocks, inputs)
        for index in range(1, self.layers + 1):
            layers[f"recurrent{index}"] = self.layer(features, blocks)
            features = self.hidden * (2 if self.bidirectional else 1)
            layers.update(normed(blocks, str(index), features))
            layers.update(blocks.dropped(index, depth=index / self.layers))
        layers.update(answered(blocks, self.pool, self.bidirectional, features, outputs))
        return SequenceNetwork(layers, padding(blocks))

    def features(self, blocks: Blocks, inputs: tuple[int, ...]) -> int:
        """Return the features of each step that enters the first layer; of images, of each row."""
        if blocks.tokens is not None:
            return self.embedding
        return inputs[1] if len(inputs) == 2 else inputs[0] * inputs[2]

    def before(self, blocks: Blocks, inputs: tuple[int, ...]) -> Layers:
        """Yield what makes a sequence of vectors of the inputs."""
        from torch import nn

        from trickrun.modules.sequences import Rows

        if blocks.tokens is not None:
            yield "embedding", nn.Embedding(blocks.tokens.count, self.embedding, padding(blocks))
            yield from blocks.dropped_channels("_embedding", axis=2)
        elif len(inputs) == 3:
            yield "rows", Rows()
        yield from blocks.before()

    def layer(self, features: int, blocks: Blocks) -> nn.Module:
        """Return one layer, of one or both directions."""
        from trickrun.modules.sequences import Recurrent

        bias = blocks.bias_before(False)
        return Recurrent(
            self.cell(features, bias), self.cell(features, bias) if self.bidirectional else None
        )

    def cell(self, features: int, bias: bool) -> nn.RNNBase:
        """Return PyTorch's layer of one direction, with ``batch_first``."""
        raise NotImplementedError


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


class GatedModel(RecurrentModel):
    """Parameters of the models whose cells have their activations built in."""

    activation: Literal["tanh"] = Field(default="tanh", description="that of the cell: fixed")


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
