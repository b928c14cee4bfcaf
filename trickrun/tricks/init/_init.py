"""What every init scheme shares: biases and the head are set apart from the other weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.nn.activations import gain
from trickrun.params import KindFolder, Params, Positive, Stackable
from trickrun.tricks.init.biases.forget_bias import ForgetBias
from trickrun.tricks.init.biases.head_bias import HeadBias
from trickrun.tricks.init.residual import AnyResidualInit

if TYPE_CHECKING:
    import torch
    from torch import nn


GainName = Literal["auto", "linear", "relu", "leaky_relu", "tanh", "sigmoid", "selu"]
Bias = Literal["auto", "zeros", "torch_default"] | Annotated[float, Stackable()]
INITS = KindFolder("trickrun.tricks.init", "_init.Init")

OF_THE_NETWORK = ("head", "recurrent", "head_bias", "forget_bias", "residual")
"""Parameters that a part of the network cannot have again."""


class Init(Params):
    """Parameters that every init scheme takes beside its own."""

    default_bias: ClassVar[Literal["zeros", "torch_default"]] = "zeros"
    """What bias auto stands for."""

    usual: ClassVar[bool] = False
    """Whether it keeps the signal's size through layers of ReLU, so that it needs no other."""

    equal: ClassVar[bool] = False
    """Whether all weights of a layer are one number, so that its units are copies."""

    one_sided: ClassVar[bool] = False
    """Whether no weight is negative, so that the units of a layer answer nearly alike."""

    bias: Bias = Field(
        default="auto",
        description="what biases start at; auto: zeros, or torch's own where the weights are",
    )
    head: Annotated[Init, INITS] | None = Field(
        default=None, description="another init for the last layer; null: the same as elsewhere"
    )
    recurrent: Annotated[Init, INITS] | None = Field(
        default=None, description="another init for the weights from a recurrent layer to itself"
    )
    head_bias: HeadBias | None = Field(
        default=None, description="start at the class shares or the mean; null: as other biases"
    )
    forget_bias: ForgetBias | None = Field(
        default=None, description="of an LSTM's forget gates; null: as other biases"
    )

    residual: AnyResidualInit | None = Field(
        default=None, description="how residual branches start; null: as other layers"
    )

    @model_validator(mode="after")
    def _parts_are_whole(self) -> Init:
        for name in OF_THE_NETWORK:
            for part in ("head", "recurrent"):
                scheme = getattr(self, part)
                if scheme is not None and getattr(scheme, name) is not None:
                    raise ValueError(f"the init of the {part} cannot have a {name} of its own")
        if self.head_bias is not None and self.head is not None and self.head.bias != "auto":
            raise ValueError("head_bias and the bias in head are the same thing; give one of them")
        return self

    @property
    def variance(self) -> float | None:
        """The variance of weights whose size does not follow the layer's width; None for others."""
        return None

    def gain_before(self, following: nn.Module | None) -> float:
        """Return the gain for a layer followed by the activation ``following``, if there is one."""
        return gain(following)

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        """Set ``weight`` (two or more dimensions, outputs first, in place)."""
        raise NotImplementedError

    def calibrate(self, model: nn.Module, draw: Callable[[int], torch.Tensor]) -> None:
        """Correct the filled ``model`` by what it does with data, in place.

        Args:
            draw: a number of samples to as many training inputs as the model gets them, or all.
        """

    def fill_layer(
        self, layer: nn.Module, weight: torch.Tensor, gain: float, generator: torch.Generator
    ) -> None:
        """Set ``weight``, which has the shape of one of ``layer``'s weights, in place."""
        from trickrun.nn.layers import stacked

        for part in stacked(layer, weight):
            self.fill(part, gain, generator)


AnyInit = Annotated[Init, INITS]
"""One of the init schemes, chosen by its kind."""


class GainInit(Init):
    """Parameters of the schemes that scale their weights by a gain."""

    gain: Annotated[GainName | Positive, Stackable()] = Field(
        default="auto", description="auto: by the activation that follows; or a name or number"
    )

    def gain_before(self, following: nn.Module | None) -> float:
        from torch.nn.init import calculate_gain

        if self.gain == "auto":
            return gain(following)
        if isinstance(self.gain, str):
            return float(calculate_gain(self.gain))
        return self.gain


def fan(weight: torch.Tensor, mode: Literal["fan_in", "fan_out"]) -> int:
    """Return how many inputs or outputs each unit of ``weight`` [outputs, inputs, *kernel] has."""
    from torch.nn.init import _calculate_fan_in_and_fan_out

    fan_in, fan_out = _calculate_fan_in_and_fan_out(weight)
    return fan_in if mode == "fan_in" else fan_out
