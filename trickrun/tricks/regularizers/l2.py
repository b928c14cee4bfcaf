from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Stackable
from trickrun.tricks.regularizers._penalty import Penalty, sum_of_squares

if TYPE_CHECKING:
    import torch


class L2(Penalty):
    """Add the squared size of the weights to the loss, so that large weights cost.

    Formula: loss + lambda * sum(w²).
    When: a network overfits; start near 1e-4 and search on a log scale.
    Defaults: on weights only, because shrinking biases and norm scales gains nothing.
    Interactions: with an adaptive optimizer it is not the same as decoupled weight decay (adamw);
        its gradient is 2*lambda*w, so lambda is half of a coupled weight_decay.
    Source: Krogh & Hertz 1991, A Simple Weight Decay Can Improve Generalization.
    """

    main: ClassVar[str | None] = "lambda"

    kind: ClassVar[Literal["l2"]] = "l2"
    lambda_: Annotated[NonNegative, Stackable(off_at_zero=True)] = Field(
        default=1e-4, alias="lambda", description="strength; 0 is off"
    )

    @property
    def strength(self) -> float:
        return self.lambda_

    @property
    def off(self) -> bool:
        return self.lambda_ == 0

    @property
    def factors(self) -> tuple[float, float]:
        return 0.0, self.lambda_

    def penalty(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.lambda_ * sum_of_squares(parameters)
