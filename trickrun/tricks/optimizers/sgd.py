from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Beta, Probability, Stackable
from trickrun.tricks.optimizers._optimizer import Decaying, LearningRate

if TYPE_CHECKING:
    import torch


class SGD(Decaying):
    """Steps against the gradient, with momentum if asked for.

    Formula: pytorch: v = momentum*v + (1-dampening)*g; w -= lr * v. classical: v = momentum*v +
        lr*g; w -= v. With nesterov the gradient is taken ahead, at w - momentum*v (classical).
    When: convolutional nets trained long with a schedule; it often ends a little better than adam.
    Defaults: lr 0.1 without momentum; 0.9 is the usual momentum.
    Interactions: momentum m makes the steps 1/(1-m) times as long in the end: with 0.9 an lr of
        0.01 to 0.05 moves like 0.1 to 0.5 without. The two forms are equal while lr stays; where
        it changes, the classical velocity still holds the steps of the old one. The weights that
        nesterov trains are the points ahead, so that is what evaluations see; in the pytorch form
        they are that only while lr stays.
    Source: Robbins & Monro 1951; Polyak 1964; Nesterov 1983; Sutskever et al. 2013, On the
        importance of initialization and momentum in deep learning.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = (3e-3, 0.3)
    """About 0.1, which trains ResNets with momentum 0.9 (He et al. 2016). Own."""
    high_lr: ClassVar[float | None] = 3.0
    """Three times what trains ResNets at 256 samples a step: 0.1 with momentum 0.9 (Goyal et al.
    2017, arXiv:1706.02677)."""
    least_travel: ClassVar[float | None] = 1.0
    """It is multiplied by gradients of about 1 in all. Own."""
    adaptive: ClassVar[bool | None] = False
    steps_proportional_to_lr: ClassVar[bool | None] = True
    momentum_multiplies_lr: ClassVar[bool] = True
    entrywise: ClassVar[bool] = True
    direction_ignores_lr: ClassVar[bool] = True

    kind: Literal["sgd"] = "sgd"
    lr: LearningRate = 0.1
    momentum: Annotated[Beta, Stackable()] = Field(
        default=0.0, description="share of the last velocity that is kept"
    )
    nesterov: bool = Field(default=False, description="look ahead along the velocity")
    dampening: Annotated[Probability, Stackable()] = Field(
        default=0.0, description="share of the gradient kept from the velocity, after its first"
    )
    form: Literal["pytorch", "classical"] = Field(
        default="pytorch", description="what lr multiplies: the velocity, or each gradient in it"
    )

    @property
    def steps_in_one_direction(self) -> bool:
        """The classical velocity has the learning rates of the past in it."""
        return self.form == "pytorch" and super().steps_in_one_direction

    def contradictions(self) -> Iterator[tuple[str, str, str]]:
        """Nesterov's look-ahead needs a velocity, and only PyTorch's form knows dampening."""
        if self.nesterov and self.momentum == 0:
            yield "nesterov", "nesterov needs momentum, which is 0", "add momentum: 0.9"
        if self.dampening > 0 and (self.nesterov or self.form == "classical"):
            other = "nesterov" if self.nesterov else f"form {self.form}"
            yield "dampening", f"{other} has no dampening", "take one of them out"

    @property
    def kept_for_each(self) -> int:
        return 1 if self.momentum or self.form == "classical" else 0

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        if self.form == "classical":
            from trickrun.tricks.optimizers._torch_classical_sgd import ClassicalSGD

            return ClassicalSGD(groups, self.lr, self.momentum, self.nesterov, self.weight_decay)
        return torch.optim.SGD(
            groups,
            lr=self.lr,
            momentum=self.momentum,
            dampening=self.dampening,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            fused=True,
        )
