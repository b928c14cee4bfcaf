from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.params import Params, Positive, Stackable

if TYPE_CHECKING:
    import torch


class Clip(Params):
    """Bound the gradient before the optimizer's step.

    Formula: value v: each entry into [-v, v]; then norm c: g * min(1, c / ||g||), with the norm
        over all parameters together.
    When: recurrent networks and transformers, or when rare batches throw the weights far off.
    Defaults: none; norm 1.0 is the usual value for transformers.
    Interactions: adam and its kin divide by the gradient's usual size, so a bound that shrinks
        every gradient alike changes nothing there; one that holds back the rare large ones does.
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

    @model_validator(mode="after")
    def has_a_bound(self) -> Clip:
        """Refuse a clip that would do nothing."""
        if self.norm is None and self.value is None:
            raise ValueError("give norm, value, or both")
        return self

    def apply(self, parameters: Sequence[torch.Tensor]) -> None:
        """Clip the gradients of ``parameters`` in place; nothing is read back from the device."""
        from torch.nn import utils

        if self.value is not None:
            utils.clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            utils.clip_grad_norm_(parameters, self.norm)
