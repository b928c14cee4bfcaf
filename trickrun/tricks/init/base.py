"""What every init scheme shares: biases and the head are set apart from the other weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Params, Positive

if TYPE_CHECKING:
    import torch

    from trickrun.tricks.init import AnyInit

GainName = Literal["auto", "linear", "relu", "leaky_relu", "tanh", "sigmoid", "selu"]
Gain = Annotated[GainName | Positive, Field(description="auto: by the activation that follows")]


class Init(Params):
    """Parameters that every init scheme takes beside its own."""

    bias: Literal["zeros", "torch_default"] | float = Field(
        default="zeros", description="what hidden and head biases start at; a number is allowed"
    )
    head: AnyInit | None = Field(
        default=None, description="another init for the last layer; null: the same as elsewhere"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        """Set ``weight`` (of any shape, in place) for a layer followed by gain ``gain``."""
        raise NotImplementedError

    @property
    def leaves_as_built(self) -> bool:
        """Whether weights stay as the model's constructor drew them."""
        return False
