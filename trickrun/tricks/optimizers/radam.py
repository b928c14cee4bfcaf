from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Betas, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon

if TYPE_CHECKING:
    import torch


class RAdam(Decaying):
    """Adam that does not divide by the gradient's size until it has seen enough to know it.

    Formula: with r∞ = 2/(1-b2) - 1 and r = r∞ - 2*t*b2^t / (1 - b2^t): where r > 5, adam's step
        times sqrt((r-4)(r-2)r∞ / ((r∞-4)(r∞-2)r)); before that w -= lr * m̂.
    When: adam without having to choose a warm-up: the factor is one.
    Defaults: PyTorch's.
    Interactions: weight_decay is added to the gradient (coupled) unless decoupled is true. A
        warm-up beside it holds back twice.
    Source: Liu et al. 2020, On the Variance of the Adaptive Learning Rate, arXiv:1908.03265;
        torch.optim.RAdam.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (1e-4, 1e-2)
    """As for adam, which it becomes within some steps."""
    high_lr: ClassVar[float | None] = 0.1
    """As for adam."""
    least_travel: ClassVar[float | None] = 0.03
    """As for adam."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["radam"] = "radam"
    betas: Annotated[Betas, Stackable()] = Field(
        default=(0.9, 0.999), description="memory of the gradient's mean and of its square"
    )
    eps: Epsilon = 1e-8
    decoupled: bool = Field(default=False, description="decay the weights as adamw does")

    @property
    def decay_decoupled(self) -> bool:
        return self.decoupled

    @property
    def kept_for_each(self) -> int:
        return 2

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.RAdam(
            groups,
            lr=self.lr,
            betas=self.betas,
            eps=self.eps,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=self.decoupled,
        )
