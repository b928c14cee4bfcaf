"""The grid section: what steps 4 and 5 of the checklist search over."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.params import MOST, Epochs, Params, Positive, Seed, Trials

Pair = Annotated[tuple[float, float], Field(strict=False)]
PositivePair = Annotated[tuple[Positive, Positive], Field(strict=False)]
Whole = Annotated[int, Field(ge=-MOST, le=MOST)]
IntPair = Annotated[tuple[Whole, Whole], Field(strict=False)]


class Range(Params):
    """The values of one recipe path: exactly one of the four forms (a plain list is a choice)."""

    main: ClassVar[str | None] = "choice"
    alternatives: ClassVar[tuple[str, ...]] = ("log", "uniform", "int", "choice")

    log: PositivePair | None = Field(default=None, description="log-uniform between two bounds")
    uniform: Pair | None = Field(default=None, description="uniform between two bounds")
    int: IntPair | None = Field(default=None, description="whole numbers, both bounds included")
    choice: Annotated[tuple[Any, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None, description="listed values; a value may be a whole section"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Range:
        if len(self.taken) != 1:
            raise ValueError(f"give exactly one of {', '.join(self.alternatives)}")
        bounds = self.log or self.uniform or self.int
        if bounds is not None and bounds[0] >= bounds[1]:
            raise ValueError(f"the low end {bounds[0]:g} must be below the high end {bounds[1]:g}")
        return self


class Search(Params):
    """One search over a space."""

    trials: Trials = 16
    epochs: Epochs = 3
    sampler: Literal["random", "grid", "sobol"] = "random"
    seed: Seed = 0
    space: dict[str, Range] | None = Field(
        default=None, description="recipe path to its values; null: derived"
    )
    halving: bool = Field(
        default=False,
        description="successive halving: only the best third continues after a third of the "
        "epochs, a ninth and so on; the loss is evaluated once per epoch",
    )


class Grid(Params):
    """The coarse search and the fine one around its best trials."""

    metric: str = Field(default="val_loss", description="what trials are ranked by")
    mode: Literal["auto", "min", "max"] = "auto"
    coarse: Search = Search()
    fine: Search = Search(trials=12, epochs=10)
