from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from trickrun.params import Betas, NonNegative, Positive, Stackable
from trickrun.tricks.optimizers.base import Optimizer

if TYPE_CHECKING:
    import torch


class Adam(Optimizer):
    """Steps scaled by running estimates of each gradient's mean and size.

    Formula: m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g²; w -= lr * m̂ / (sqrt(v̂) + eps).
    When: a good first choice for almost any network; 3e-4 to 1e-3 usually works at once.
    Defaults: the paper's and PyTorch's.
    Interactions: weight_decay is added to the gradient (coupled); adamw decouples it.
    Source: Kingma & Ba 2015, Adam, arXiv:1412.6980.
    """

    kind: Literal["adam"] = "adam"
    betas: Annotated[Betas, Stackable()] = (0.9, 0.999)
    eps: Positive = 1e-8
    weight_decay: Annotated[NonNegative, Stackable()] = 0.0
    amsgrad: bool = False

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adam(
            groups,
            lr=self.lr,
            betas=self.betas,
            eps=self.eps,
            weight_decay=self.weight_decay,
            amsgrad=self.amsgrad,
            fused=True,
        )
