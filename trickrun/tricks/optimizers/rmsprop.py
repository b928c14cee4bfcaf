from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Beta, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon

if TYPE_CHECKING:
    import torch


class RMSprop(Decaying):
    """Steps divided by a running size of each gradient entry.

    Formula: s = alpha*s + (1-alpha)*g²; v = momentum*v + g / (sqrt(s) + eps); w -= lr * v
        (centered: s - m² in place of s, with m the running mean of g).
    When: recurrent networks and reinforcement learning; elsewhere adam does the same and more.
    Defaults: PyTorch's, but lr 1e-3 as in the lecture: the first steps are lr / sqrt(1-alpha),
        ten times lr.
    Source: Tieleman & Hinton 2012, Coursera Neural Networks for Machine Learning, lecture 6.5;
        centered: Graves 2013, arXiv:1308.0850.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (1e-4, 5e-3)
    """About the lecture's 1e-3; the first steps are ten times lr. Own."""
    high_lr: ClassVar[float | None] = 0.1
    """A hundred times the default, as for adam. Own."""
    least_travel: ClassVar[float | None] = 0.03
    """As for adam."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    momentum_multiplies_lr: ClassVar[bool] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["rmsprop"] = "rmsprop"
    alpha: Annotated[Beta, Stackable()] = Field(
        default=0.99, description="memory of the squared gradient"
    )
    eps: Epsilon = 1e-8
    momentum: Annotated[Beta, Stackable()] = Field(
        default=0.0, description="share of the last velocity that is kept"
    )
    centered: bool = Field(
        default=False, description="divide by the standard deviation, not the size"
    )

    @property
    def kept_for_each(self) -> int:
        return 1 + (self.momentum > 0) + self.centered

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.RMSprop(
            groups,
            lr=self.lr,
            alpha=self.alpha,
            eps=self.eps,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            centered=self.centered,
        )
