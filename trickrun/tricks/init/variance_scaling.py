from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init, fan

if TYPE_CHECKING:
    import torch

CUT_STD = 0.87962566103423978
"""Standard deviation of a standard normal that is cut at -2 and 2."""


class VarianceScaling(Init):
    """The family that Glorot's, He's and LeCun's schemes are members of, as Keras and JAX have it.

    Formula: a variance of scale / fan, where fan is fan_in, fan_out or their mean; the distribution
        is normal, normal cut at two deviations (made wider, so that the variance stays), or
        uniform.
    When: to carry over an initializer from Keras, Flax or Haiku with its own words.
    Defaults: Keras': scale 1, fan_in, truncated_normal, which is its lecun_normal.
    Interactions: scale 1 with fan_avg is Glorot's, scale 2 with fan_in He's.
    Source: keras.initializers.VarianceScaling; jax.nn.initializers.variance_scaling.
    """

    kind: Literal["variance_scaling"] = "variance_scaling"
    scale: Annotated[Positive, Stackable()] = Field(
        default=1.0, description="variance of a weight times the fan"
    )
    mode: Literal["fan_in", "fan_out", "fan_avg"] = Field(
        default="fan_in", description="the fan: inputs, outputs, or their mean"
    )
    distribution: Literal["truncated_normal", "normal", "uniform"] = Field(
        default="truncated_normal", description="shape of the distribution; the variance is equal"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        std = (self.scale / self.fan_of(weight)) ** 0.5
        match self.distribution:
            case "normal":
                init.normal_(weight, 0.0, std, generator=generator)
            case "uniform":
                bound = 3**0.5 * std
                init.uniform_(weight, -bound, bound, generator=generator)
            case "truncated_normal":
                wide = std / CUT_STD
                init.trunc_normal_(weight, 0.0, wide, -2 * wide, 2 * wide, generator=generator)

    def fan_of(self, weight: torch.Tensor) -> float:
        """Return the fan of ``weight`` [outputs, inputs, *kernel] that the variance is over."""
        if self.mode == "fan_avg":
            return (fan(weight, "fan_in") + fan(weight, "fan_out")) / 2
        return fan(weight, self.mode)
