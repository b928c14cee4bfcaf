"""What every penalty shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trickrun.params import Params

if TYPE_CHECKING:
    import torch


class Penalty(Params):
    """A term added to the loss that grows with the parameters."""

    on: Literal["weights", "all"] = Field(
        default="weights", description="weights only, or all: biases and norm scales too"
    )

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    def penalty(self, parameters: list[torch.Tensor]) -> torch.Tensor:
        """Return the scalar added to the loss for ``parameters`` (tensors of any shape)."""
        raise NotImplementedError
