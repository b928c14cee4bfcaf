from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Params, Positive, Stackable

if TYPE_CHECKING:
    import torch


class Clip(Params):
    """Bound the gradient before the optimizer's step.

    Formula: norm c: g * min(1, c / ||g||) over all parameters; value v: each entry into [-v, v].
    When: recurrent networks and transformers, or when rare batches throw the weights far off.
    Defaults: norm 1.0, the usual value for transformers.
    Source: Pascanu et al. 2013, On the difficulty of training RNNs, arXiv:1211.5063.
    """

    main: ClassVar[str | None] = "norm"

    kind: ClassVar[Literal["clip"]] = "clip"
    norm: Annotated[Positive, Stackable()] | None = Field(
        default=None, description="largest norm of the whole gradient"
    )
    value: Annotated[Positive, Stackable()] | None = Field(
        default=None, description="largest size of each entry"
    )

    def apply(self, parameters: list[torch.Tensor]) -> None:
        """Clip the gradients of ``parameters`` in place."""
        from torch.nn import utils

        if self.value is not None:
            utils.clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            utils.clip_grad_norm_(parameters, self.norm)
