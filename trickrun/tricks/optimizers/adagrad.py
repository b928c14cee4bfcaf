from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, Epsilon, LearningRate

if TYPE_CHECKING:
    import torch


class Adagrad(Decaying):
    """Steps that shrink, entry by entry, with the sum of all squared gradients so far.

    Formula: s += g²; w -= lr / (1 + t*lr_decay) * g / (sqrt(s) + eps).
    When: sparse features, where rare ones should keep large steps; else rmsprop or adam, because
        the sum only grows and training slows down for good.
    Defaults: PyTorch's.
    Source: Duchi et al. 2011, Adaptive Subgradient Methods, JMLR 12.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (1e-3, 0.1)
    """A tenth to ten times PyTorch's default. Own."""
    high_lr: ClassVar[float | None] = 1.0
    """A hundred times PyTorch's default, as for adam. Own."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = False
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["adagrad"] = "adagrad"
    lr: LearningRate = 1e-2
    lr_decay: Annotated[NonNegative, Stackable()] = Field(
        default=0.0, description="further decay of lr with the steps"
    )
    initial_accumulator: Annotated[NonNegative, Stackable()] = Field(
        default=0.0, description="what s starts at"
    )
    eps: Epsilon = 1e-10

    @property
    def kept_for_each(self) -> int:
        return 1

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        # Not fused: older torch releases fuse it on CPU alone and refuse the flag on CUDA.
        return torch.optim.Adagrad(
            groups,
            lr=self.lr,
            lr_decay=self.lr_decay,
            weight_decay=self.weight_decay,
            initial_accumulator_value=self.initial_accumulator,
            eps=self.eps,
        )
