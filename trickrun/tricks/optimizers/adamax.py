from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Betas, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon, LearningRate

if TYPE_CHECKING:
    import torch


class Adamax(Decaying):
    """Adam whose steps are scaled by the largest recent gradient instead of its usual size.

    Formula: m = b1*m + (1-b1)*g; u = max(b2*u, |g| + eps); w -= lr / (1 - b1^t) * m / u.
    When: embeddings and other sparse gradients; no step is ever longer than lr.
    Defaults: the paper's and PyTorch's.
    Interactions: weight_decay is added to the gradient (coupled).
    Source: Kingma & Ba 2015, Adam, section 7.1, arXiv:1412.6980; torch.optim.Adamax.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (2e-4, 2e-2)
    """Twice adam's, as the paper's default is: it divides by the largest gradient."""
    high_lr: ClassVar[float | None] = 0.2
    """A hundred times the default, as for adam. Own."""
    least_travel: ClassVar[float | None] = 0.03
    """As for adam: no step is ever longer than lr."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["adamax"] = "adamax"
    lr: LearningRate = 2e-3
    betas: Annotated[Betas, Stackable()] = Field(
        default=(0.9, 0.999), description="memory of the gradient's mean and of its largest size"
    )
    eps: Epsilon = 1e-8

    @property
    def kept_for_each(self) -> int:
        return 2

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adamax(
            groups, lr=self.lr, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay
        )
