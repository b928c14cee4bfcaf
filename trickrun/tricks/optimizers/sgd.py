from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trickrun.params import Beta, NonNegative, Stackable
from trickrun.tricks.optimizers.base import LearningRate, Optimizer

if TYPE_CHECKING:
    import torch


class SGD(Optimizer):
    """Steps against the gradient, with momentum if asked for.

    Formula: v = momentum*v + g; w -= lr * v (nesterov: w -= lr * (g + momentum*v)).
    When: convolutional nets trained long with a schedule; it often ends a little better than adam.
    Defaults: lr 0.1 without momentum; 0.9 is the usual momentum.
    Source: Robbins & Monro 1951; Sutskever et al. 2013, On the importance of initialization and
        momentum in deep learning.
    """

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = 0.1
    momentum: Annotated[Beta, Stackable()] = 0.0
    nesterov: bool = Field(default=False, description="look ahead along the velocity")
    weight_decay: Annotated[NonNegative, Stackable()] = 0.0

    def build(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        import torch

        return torch.optim.SGD(
            groups,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            fused=True,
        )
