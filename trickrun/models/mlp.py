from __future__ import annotations

from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.models._model import Blocks, BuiltinModel
from trickrun.params import Counts

if TYPE_CHECKING:
    from torch import nn


class MLP(BuiltinModel):
    """Fully connected layers; inputs of any shape are flattened.

    Formula: h = activation(W h + b) for each hidden layer, then W h + b.
    When: tables, small images, as a baseline.
    Defaults: two hidden layers, 256 and 128 units.
    Source: Rumelhart et al. 1986, Learning representations by back-propagating errors.
    """

    units_parameter: ClassVar[str | None] = "hidden"

    kind: Literal["mlp"] = "mlp"
    hidden: Counts = Field(default=(256, 128), description="units of each hidden layer; may be []")

    @property
    def hidden_layers(self) -> int:
        return len(self.hidden)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        return self.hidden

    def fan_ins(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        return self.hidden if inputs is None else (prod(inputs), *self.hidden)

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from torch import nn

        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if len(inputs) > 1:
            layers["flatten"] = nn.Flatten()
        layers.update(blocks.before())
        features = prod(inputs)
        for index, width in enumerate(self.hidden, start=1):
            layers[f"linear{index}"] = nn.Linear(features, width, bias=blocks.hidden_bias)
            layers.update(blocks.after(index, width, dims=0))
            layers.update(blocks.dropped(index, depth=index / len(self.hidden)))
            features = width
        layers.update(blocks.head(nn.Linear(features, outputs)))
        return nn.Sequential(layers)
