from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Betas, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon

if TYPE_CHECKING:
    import torch


class Adam(Decaying):
    """Steps scaled by running estimates of each gradient's mean and size.

    Formula: m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g²; w -= lr * m̂ / (sqrt(v̂) + eps), with
        m̂ = m / (1 - b1^t) and v̂ = v / (1 - b2^t).
    When: a good first choice for almost any network; 3e-4 to 1e-3 usually works at once.
    Defaults: the paper's and PyTorch's.
    Interactions: weight_decay is added to the gradient (coupled); adamw decouples it. Without
        bias_correction the first steps are about (1-b1) / sqrt(1-b2) = 3.2 times lr: warm up.
    Source: Kingma & Ba 2015, Adam, arXiv:1412.6980.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (1e-4, 1e-2)
    """A tenth to ten times the default of the paper. Own."""
    high_lr: ClassVar[float | None] = 0.1
    """A hundred times the default; trickrun's own recipes go up to a third of it. Own."""
    least_travel: ClassVar[float | None] = 0.03
    """A weight moves at most about this far; usual inits have deviations of 0.05 to 0.3. Own."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["adam"] = "adam"
    betas: Annotated[Betas, Stackable()] = Field(
        default=(0.9, 0.999), description="memory of the gradient's mean and of its square"
    )
    eps: Epsilon = 1e-8
    amsgrad: bool = Field(default=False, description="divide by the largest v̂ so far")
    bias_correction: bool = Field(
        default=True, description="make up for estimates that start at zero"
    )

    @property
    def kept_for_each(self) -> int:
        return 3 if self.amsgrad else 2

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        optimizer = torch.optim.Adam(
            groups,
            lr=self.lr,
            betas=self.betas,
            eps=self.eps,
            weight_decay=self.weight_decay,
            amsgrad=self.amsgrad,
            fused=True,
        )
        if not self.bias_correction:
            start_uncorrected(optimizer)
        return optimizer


def start_uncorrected(optimizer: torch.optim.Adam) -> None:
    """Set the step counters to where 1 - b^t is 1, as torch's Adam has no switch for it."""
    import torch

    for group in optimizer.param_groups:
        for p in group["params"]:
            state = optimizer.state[p]
            # float32 cannot count on from here: the counter stays, and b^t is 0 for any b < 1.
            state["step"] = torch.tensor(1e12, dtype=torch.float32, device=p.device)
            state["exp_avg"] = torch.zeros_like(p)
            state["exp_avg_sq"] = torch.zeros_like(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = torch.zeros_like(p)
