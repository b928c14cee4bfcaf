from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Probability, Stackable
from trickrun.tricks.regularizers._penalty import Penalty, sum_of_sizes, sum_of_squares

if TYPE_CHECKING:
    import torch


class ElasticNet(Penalty):
    """Mix the l1 and the l2 penalty: small weights, and few of them among correlated features.

    Formula: loss + lambda * ((1 - alpha) * sum(|w|) + alpha * sum(w²)).
    When: many correlated input features, where l1 alone keeps an arbitrary one of each group.
    Defaults: alpha 0.5, half of each; lambda as for l1.
    Interactions: scikit-learn's l1_ratio is 1 - alpha, and its l2 part has a factor 1/2 more.
    Source: Zou & Hastie 2005, Regularization and Variable Selection via the Elastic Net.
    """

    main: ClassVar[str | None] = "lambda"

    kind: ClassVar[Literal["elastic_net"]] = "elastic_net"
    lambda_: Annotated[NonNegative, Stackable(off_at_zero=True)] = Field(
        default=1e-5, alias="lambda", description="strength of the whole penalty; 0 is off"
    )
    alpha: Annotated[Probability, Stackable()] = Field(
        default=0.5, description="share of the l2 part: 0 is l1 alone, 1 is l2 alone"
    )

    @property
    def strength(self) -> float:
        return self.lambda_

    @property
    def off(self) -> bool:
        return self.lambda_ == 0

    @property
    def factors(self) -> tuple[float, float]:
        return self.lambda_ * (1 - self.alpha), self.lambda_ * self.alpha

    def penalty(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        sizes = (1 - self.alpha) * sum_of_sizes(parameters)
        return self.lambda_ * (sizes + self.alpha * sum_of_squares(parameters))
