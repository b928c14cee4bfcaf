from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.optimizers._optimizer import Decaying, LearningRate

if TYPE_CHECKING:
    import torch


class Adafactor(Decaying):
    """Steps scaled like adam's, remembering of each matrix only the sums of rows and columns.

    Formula: v ≈ R Cᵀ / sum(R), with R and C the running means of g² over rows and columns, whose
        memory is 1 - t^beta2_decay; u = g / sqrt(v), bounded to a root mean square of d;
        w -= max(eps, rms(w)) * min(lr, 1/sqrt(t)) * u.
    When: networks so large that adam's two copies of all weights do not fit.
    Defaults: PyTorch's; no momentum, as in the paper. lr is relative to the size of the weights.
    Interactions: the rule has a decay of lr of its own, which acts from step 1/lr² on.
    Source: Shazeer & Stern 2018, Adafactor, arXiv:1804.04235; torch.optim.Adafactor.
    """

    couples_decay: ClassVar[bool] = False
    usual_lr: ClassVar[tuple[float, float] | None] = (1e-3, 0.1)
    """A tenth to ten times the default, the paper's largest relative step. Own."""
    high_lr: ClassVar[float | None] = 1.0
    """A step is as large as the weights themselves."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = False
    entrywise: ClassVar[bool] = False
    """Its memory depends on the shape of each parameter."""

    kind: Literal["adafactor"] = "adafactor"
    lr: LearningRate = 1e-2
    beta2_decay: Annotated[float, Field(lt=0)] = Field(
        default=-0.8, description="exponent by which the memory of g² grows"
    )
    eps: Positive = Field(default=1e-3, description="smallest size of weights that lr is times")
    d: Annotated[float, Field(ge=1)] = Field(
        default=1.0, description="bound on the root mean square of an update"
    )

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adafactor(
            groups,
            lr=self.lr,
            beta2_decay=self.beta2_decay,
            eps=(None, self.eps),
            d=self.d,
            weight_decay=self.weight_decay,
        )
