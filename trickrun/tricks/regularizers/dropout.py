from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability, Stackable
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.rng import LayerStreams


class Dropout(Regularizer):
    """Set each hidden unit to zero with probability p while training.

    Formula: y = x * m / (1 - p) with m ~ Bernoulli(1 - p); in evaluation y = x. With ``scaling:
        test_time`` y = x * m, and in evaluation y = x * (1 - p).
    When: a network overfits; 0.2 to 0.5 for fully connected layers, less or none for convolutions.
    Defaults: p = 0.5 for hidden units and 0 for inputs, as in the paper. Its scaling is that of
        test time; today's is inverted, which leaves evaluation as it is.
    Interactions: before a batch norm it shifts that layer's statistics; with strong dropout raise
        the width or the learning rate. ``keep: 0.7`` is read as p = 0.3.
    Source: Srivastava et al. 2014, Dropout, JMLR 15.
    """

    ledger_order: ClassVar[int] = 0

    main: ClassVar[str | None] = "p"
    spellings: ClassVar[tuple[str, ...]] = ("keep",)

    usual_strength: ClassVar[float | None] = 0.3
    too_strong: ClassVar[str] = "TR49"

    kind: ClassVar[Literal["dropout"]] = "dropout"
    p: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.5, description="probability that a hidden unit is zeroed"
    )
    input: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.0, description="probability that an input feature is zeroed"
    )
    layers: Literal["all", "deeper", "last"] = Field(
        default="all",
        description="after every hidden layer, those of the deeper half, or only the last one",
    )
    scaling: Literal["inverted", "test_time"] = Field(
        default="inverted",
        description="inverted: divide by 1 - p in training; test_time: multiply in evaluation",
    )

    @classmethod
    def expand(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Read ``keep: q`` as ``p: 1 - q``; both at once are left for validation to refuse."""
        keep = value.get("keep")
        if isinstance(keep, bool) or not isinstance(keep, int | float) or "p" in value:
            return value
        # Rounded, so that keep 0.7 is exactly 0.3 and equal recipes get equal hashes.
        return {
            ("p" if k == "keep" else k): (round(1 - keep, 12) if k == "keep" else v)
            for k, v in value.items()
        }

    @property
    def doubt(self) -> float:
        most = max(self.p, self.input)
        return 0.9 if most > 0.8 else 0.6 if most > 0.5 else 0.15

    @property
    def off(self) -> bool:
        return self.p == 0 and self.input == 0

    @property
    def trains_alone(self) -> bool:
        """A stack's masks are inverted."""
        return self.scaling == "test_time" and not self.off

    def layer_class(self) -> type[nn.Module]:
        from trickrun.nn.dropout import KeyedDropout

        return KeyedDropout

    def layer(self, p: float, streams: LayerStreams) -> nn.Module:
        """Return the layer that zeroes with probability ``p``: of hidden units or of inputs."""
        from trickrun.nn.dropout import KeyedDropout

        return KeyedDropout(p, streams.of("dropout"), inverted=self.scaling == "inverted")

    def acts_at(self, depth: float) -> bool:
        """Return whether it acts on the hidden layer at ``depth``, which is 1 for the last one."""
        least = {"all": 0.0, "deeper": 0.5, "last": 1.0}[self.layers]
        return self.p > 0 and (depth > least or depth == 1)
