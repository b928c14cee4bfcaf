from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability, Stackable
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.rng import LayerStreams


class SpatialDropout(Regularizer):
    """Set whole channels to zero with probability p while training.

    Formula: y = x * m / (1 - p) with one m ~ Bernoulli(1 - p) for each sample and channel, shared
        by all its positions; in evaluation y = x.
    When: convolutional networks and embeddings that overfit: neighbouring pixels, and words, say
        nearly the same, so dropping single numbers hides little.
    Defaults: p = 0.2; half of the channels is a lot for a convolution.
    Interactions: acts after each hidden convolution, and on the dimensions of embeddings, where
        all tokens of a text lose the same ones. For fully connected layers use dropout.
    Source: Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks,
        arXiv:1411.4280.
    """

    ledger_order: ClassVar[int] = 1

    main: ClassVar[str | None] = "p"

    usual_strength: ClassVar[float | None] = 0.3

    kind: ClassVar[Literal["spatial_dropout"]] = "spatial_dropout"
    p: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.2, description="probability that a channel is zeroed"
    )

    @property
    def off(self) -> bool:
        return self.p == 0

    @property
    def trains_alone(self) -> bool:
        return False

    def layer_class(self) -> type[nn.Module]:
        from trickrun.nn.dropout import KeyedChannelDropout

        return KeyedChannelDropout

    def layer(self, axis: int, streams: LayerStreams) -> nn.Module:
        """Return the layer for [N, ...] whose channels are on ``axis``."""
        from trickrun.nn.dropout import KeyedChannelDropout

        return KeyedChannelDropout(self.p, streams.of(self.kind), axis)
