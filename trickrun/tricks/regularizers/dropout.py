from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability, Params, Stackable


class Dropout(Params):
    """Set each hidden unit to zero with probability p while training.

    Formula: y = x * m / (1 - p) with m ~ Bernoulli(1 - p); in evaluation y = x.
    When: a network overfits; 0.2 to 0.5 for fully connected layers, less or none for convolutions.
    Defaults: p = 0.5 for hidden units and 0 for inputs, as in the paper.
    Interactions: before a batch norm it shifts that layer's statistics; with strong dropout raise
        the width or the learning rate. ``keep: 0.7`` is read as p = 0.3.
    Source: Srivastava et al. 2014, Dropout, JMLR 15.
    """

    main: ClassVar[str | None] = "p"
    spellings: ClassVar[tuple[str, ...]] = ("keep",)

    kind: ClassVar[Literal["dropout"]] = "dropout"
    p: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.5, description="probability that a hidden unit is zeroed"
    )
    input: Annotated[DropProbability, Stackable(off_at_zero=True)] = Field(
        default=0.0, description="probability that an input feature is zeroed"
    )
    layers: Literal["all", "last"] = Field(
        default="all", description="after every hidden layer, or only after the last one"
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
    def off(self) -> bool:
        return self.p == 0 and self.input == 0
