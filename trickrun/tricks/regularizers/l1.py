from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Stackable
from trickrun.tricks.regularizers._penalty import Penalty, sum_of_sizes

if TYPE_CHECKING:
    import torch


class L1(Penalty):
    """Add the absolute size of the weights to the loss, so that useless weights go near 0.

    Formula: loss + lambda * sum(|w|).
    When: few of many input features matter; start near 1e-5 and search on a log scale.
    Defaults: on weights only, because shrinking biases and norm scales gains nothing.
    Interactions: gradient steps leave small weights that jitter around 0, not exact zeros.
    Source: Tibshirani 1996, Regression Shrinkage and Selection via the Lasso.
    """

    main: ClassVar[str | None] = "lambda"

    kind: ClassVar[Literal["l1"]] = "l1"
    lambda_: Annotated[NonNegative, Stackable(off_at_zero=True)] = Field(
        default=1e-5, alias="lambda", description="strength; 0 is off"
    )

    @property
    def strength(self) -> float:
        return self.lambda_

    @property
    def off(self) -> bool:
        return self.lambda_ == 0

    @property
    def factors(self) -> tuple[float, float]:
        return self.lambda_, 0.0

    def penalty(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.lambda_ * sum_of_sizes(parameters)
