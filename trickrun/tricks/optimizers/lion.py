from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Betas, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, LearningRate

if TYPE_CHECKING:
    import torch


class Lion(Decaying):
    """Steps of one size in every entry: only the sign of a running mean counts.

    Formula: w -= lr * (sign(b1*m + (1-b1)*g) + weight_decay * w); then m = b2*m + (1-b2)*g.
    When: large batches and transformers; it keeps half of adam's memory.
    Defaults: the paper's; lr is a third to a tenth of adam's, so weight_decay is 3 to 10 times
        adamw's for the same pull.
    Interactions: every entry moves by lr, whatever the gradient's size: clipping by norm changes
        nothing but the weights of gradients within the mean.
    Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, arXiv:2302.06675.
    """

    couples_decay: ClassVar[bool] = False
    usual_lr: ClassVar[tuple[float, float] | None] = (1e-5, 1e-3)
    """A tenth of adam's: the paper takes a third to a tenth."""
    high_lr: ClassVar[float | None] = 0.01
    """A hundred times the default, as for adam; every entry moves by lr at each step. Own."""
    least_travel: ClassVar[float | None] = 0.01
    """A third of adam's, most of whose entries move by less than lr. Own."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["lion"] = "lion"
    lr: LearningRate = 1e-4
    betas: Annotated[Betas, Stackable()] = Field(
        default=(0.9, 0.99), description="weight of the mean in a step, and its memory"
    )

    @property
    def kept_for_each(self) -> int:
        return 1

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        from trickrun.tricks.optimizers._torch_lion import LionOptimizer

        return LionOptimizer(groups, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay)
