from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Betas, NonNegative, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon

if TYPE_CHECKING:
    import torch


class AdamW(Decaying):
    """Adam whose weight decay shrinks the weights directly, apart from the gradient.

    Formula: w -= lr * weight_decay * w; then adam's step without decay.
    When: wherever adam is used with decay, transformers above all.
    Defaults: PyTorch's; transformers often take weight_decay 0.1 and betas [0.9, 0.95].
    Interactions: the decay follows the schedule, because it is multiplied by the current lr.
    Source: Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, arXiv:1711.05101.
    """

    couples_decay: ClassVar[bool] = False
    usual_lr: ClassVar[tuple[float, float] | None] = (1e-4, 1e-2)
    """As for adam: the decay changes no step's length."""
    high_lr: ClassVar[float | None] = 0.1
    """As for adam."""
    least_travel: ClassVar[float | None] = 0.03
    """As for adam."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["adamw"] = "adamw"
    betas: Annotated[Betas, Stackable()] = Field(
        default=(0.9, 0.999), description="memory of the gradient's mean and of its square"
    )
    eps: Epsilon = 1e-8
    weight_decay: Annotated[NonNegative, Stackable()] = Field(
        default=1e-2, description="share of the weights, times lr, taken off at each step"
    )
    amsgrad: bool = Field(default=False, description="divide by the largest v̂ so far")

    @property
    def kept_for_each(self) -> int:
        return 3 if self.amsgrad else 2

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.AdamW(
            groups,
            lr=self.lr,
            betas=self.betas,
            eps=self.eps,
            weight_decay=self.weight_decay,
            amsgrad=self.amsgrad,
            fused=True,
        )
