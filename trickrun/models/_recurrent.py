"""What the recurrent networks share."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.models._model import Blocks, BuiltinModel
from trickrun.models._sequences import (
    Layers,
    answered,
    check_sequence,
    normed,
    padding,
    refuse_seeing_ahead,
)
from trickrun.nn.activations import ActivationName
from trickrun.params import Count, LayerCount

if TYPE_CHECKING:
    from torch import nn


class RecurrentModel(BuiltinModel):
    """Parameters that rnn, lstm and gru share."""

    takes_tokens: ClassVar[bool] = True
    usual_normalization: ClassVar[Literal["batch", "layer"]] = "layer"

    usual_activation: ClassVar[ActivationName] = "tanh"

    hidden: Count = Field(default=64, description="units of each layer, in each direction")
    layers: LayerCount = Field(default=1, description="recurrent layers")
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
        from trickrun.nn.sequences import SequenceNetwork

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

        from trickrun.nn.sequences import Rows

        if blocks.tokens is not None:
            yield "embedding", nn.Embedding(blocks.tokens.count, self.embedding, padding(blocks))
            yield from blocks.dropped_channels("_embedding", axis=2)
        elif len(inputs) == 3:
            yield "rows", Rows()
        yield from blocks.before()

    def layer(self, features: int, blocks: Blocks) -> nn.Module:
        """Return one layer, of one or both directions."""
        from trickrun.nn.sequences import Recurrent

        bias = blocks.bias_before(False)
        return Recurrent(
            self.cell(features, bias), self.cell(features, bias) if self.bidirectional else None
        )

    def cell(self, features: int, bias: bool) -> nn.RNNBase:
        """Return PyTorch's layer of one direction, with ``batch_first``."""
        raise NotImplementedError


class GatedModel(RecurrentModel):
    """Parameters of the models whose cells have their activations built in."""

    activation: Literal["tanh"] = Field(default="tanh", description="that of the cell: fixed")
