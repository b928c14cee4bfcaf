from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability, Stackable
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.rng import LayerStreams


class StochasticDepth(Regularizer):
    """Skip residual branches at random while training, the deeper the more often.

    Formula: y = x + m * branch(x) / (1 - p_l), m ~ Bernoulli(1 - p_l) for each sample, and
        p_l = p * l / L for the l-th of L blocks; in evaluation y = x + branch(x).
    When: deep residual networks and transformers that overfit.
    Defaults: p = 0.1, usual for networks of moderate depth; the paper's 0.5 is for 110 layers.
    Interactions: only residual blocks have branches to skip. The paper scales in evaluation; here
        training does, as for dropout, and each sample draws by itself instead of each batch.
    Source: Huang et al. 2016, Deep Networks with Stochastic Depth, arXiv:1603.09382.
    """

    ledger_order: ClassVar[int] = 3

    main: ClassVar[str | None] = "p"

    kind: ClassVar[Literal["stochastic_depth"]] = "stochastic_depth"
    p: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.1, description="probability that the last block's branch is skipped"
    )

    @property
    def off(self) -> bool:
        return self.p == 0

    @property
    def trains_alone(self) -> bool:
        return False

    def layer_class(self) -> type[nn.Module]:
        from trickrun.nn.dropout import KeyedPathDropout

        return KeyedPathDropout

    def insert(self, model: nn.Module, streams: LayerStreams) -> None:
        """Put a layer that skips at the end of each residual branch of ``model``."""
        from trickrun.nn.dropout import KeyedPathDropout
        from trickrun.nn.layers import residuals

        blocks = residuals(model)
        for index, (_, block) in enumerate(blocks, start=1):
            skip = KeyedPathDropout(self.p * index / len(blocks), streams.of(self.kind))
            block.branch.add_module("stochastic_depth", skip)
