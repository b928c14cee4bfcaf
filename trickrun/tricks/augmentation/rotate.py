from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability
from trickrun.tricks.augmentation._warp import BORDER, Outside, rotation, warp

if TYPE_CHECKING:
    import torch


class Rotate(Augmentation):
    """Turn each image about its center by an angle of its own.

    Formula: x[R p] with R the rotation by a ~ U(-degrees, degrees), interpolated bilinearly.
    When: pictures taken at any angle; small angles for digits and letters.
    Defaults: 15 degrees: a hand's slant. At 90 and more a 6 becomes a 9.
    Interactions: it acts before normalization, so what comes in from outside is the raw 0: black.
    Source: Simard et al. 2003, Best Practices for Convolutional Neural Networks.
    """

    main: ClassVar[str | None] = "degrees"

    turn_parameter: ClassVar[str | None] = "degrees"

    kind: Literal["rotate"] = "rotate"
    degrees: Annotated[float, Field(ge=0, le=180)] = Field(
        default=15.0, description="largest angle to either side"
    )
    p: Probability = Field(default=1.0, description="probability that an image is turned")
    outside: Outside = Field(default="zeros", description=BORDER)

    @property
    def off(self) -> bool:
        return self.degrees == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        angles = uniform(x, -self.degrees, self.degrees, generator)
        turned = warp(x, rotation(x, angles), self.outside)
        return with_probability(self.p, turned, x, generator), y
