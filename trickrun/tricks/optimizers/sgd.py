from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trickrun.params import Beta, Stackable
from trickrun.tricks.optimizers.base import LearningRate, Optimizer, WeightDecay

if TYPE_CHECKING:
    import torch


class SGD(Optimizer):
    """Steps against the gradient, with momentum if asked for.

    Formula: v = momentum*v + g; w -= lr * v (nesterov: w -= lr * (g + momentum*v)).
    When: convolutional nets trained long with a schedule; it often ends a little better than adam.
    Defaults: lr 0.1 without momentum; 0.9 is the usual momentum.
    Interactions: momentum m makes the steps 1/(1-m) times as long in the end: with 0.9 an lr of
        0.01 to 0.05 moves like 0.1 to 0.5 without.
    Source: Robbins & Monro 1951; Sutskever et al. 2013, On the importance of initialization and
        momentum in deep learning.
    """

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = 0.1
    momentum: Annotated[Beta, Stackable()] = Field(
        default=0.0, description="share of the last velocity that is kept"
    )
    nesterov: bool = Field(default=False, description="look ahead along the velocity")
    weight_decay: WeightDecay = 0.0

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.SGD(
            groups,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            fused=True,
        )
