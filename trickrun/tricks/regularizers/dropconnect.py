from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.rng import LayerStreams


class DropConnect(Regularizer):
    """Set each weight of the hidden fully connected layers to zero with probability p in training.

    Formula: y = (W * M / (1 - p)) x + b with M ~ Bernoulli(1 - p) for each weight, one mask per
        batch; in evaluation y = W x + b.
    When: fully connected networks that overfit, in place of dropout.
    Defaults: p = 0.5, as in the paper.
    Interactions: the paper draws a mask for each sample, which costs as many weight matrices as
        there are samples, and samples its answers; here answers use the mean weights, as dropout
        does. Convolutions and the last layer are left alone.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect, ICML.
    """

    ledger_order: ClassVar[int] = 2

    main: ClassVar[str | None] = "p"

    usual_strength: ClassVar[float | None] = 0.3

    kind: ClassVar[Literal["dropconnect"]] = "dropconnect"
    p: DropProbability = Field(default=0.5, description="probability that a weight is zeroed")

    @property
    def off(self) -> bool:
        return self.p == 0

    def layer_class(self) -> type[nn.Module]:
        from trickrun.nn.dropout import DropConnectLinear

        return DropConnectLinear

    def insert(self, model: nn.Module, streams: LayerStreams) -> None:
        """Replace the hidden fully connected layers of ``model``; their parameters stay."""
        from torch import nn

        from trickrun.nn.dropout import DropConnectLinear
        from trickrun.nn.layers import weight_layers

        for name, layer in weight_layers(model)[:-1]:
            if type(layer) is nn.Linear:
                model.set_submodule(name, DropConnectLinear(layer, self.p, streams.of(self.kind)))
