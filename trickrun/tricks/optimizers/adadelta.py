from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Beta, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon, LearningRate

if TYPE_CHECKING:
    import torch


class Adadelta(Decaying):
    """Steps in the unit of the weights: recent step size over recent gradient size.

    Formula: s = rho*s + (1-rho)*g²; d = g * sqrt(u + eps) / sqrt(s + eps);
        u = rho*u + (1-rho)*d²; w -= lr * d.
    When: to compare with; it starts slowly, because eps alone sets its first steps.
    Defaults: PyTorch's; lr is 1 because the rule has a unit of its own.
    Source: Zeiler 2012, ADADELTA, arXiv:1212.5701.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (0.1, 2.0)
    """About the paper's 1, which has no learning rate. Own."""
    high_lr: ClassVar[float | None] = 30.0
    """Thirty times the paper's. Own."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = False
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["adadelta"] = "adadelta"
    lr: LearningRate = 1.0
    rho: Annotated[Beta, Stackable()] = Field(
        default=0.9, description="memory of both running averages"
    )
    eps: Epsilon = 1e-6

    @property
    def kept_for_each(self) -> int:
        return 2

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adadelta(
            groups, lr=self.lr, rho=self.rho, eps=self.eps, weight_decay=self.weight_decay
        )
