from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability
from trickrun.tricks.augmentation._warp import BORDER, Outside, shearing, warp

if TYPE_CHECKING:
    import torch


class Shear(Augmentation):
    """Slant each image: its rows slide past each other like a pack of cards.

    Formula: x[i, j - tan(a) i] with a ~ U(-degrees, degrees) and i, j from the center; vertical
        slides the columns.
    When: handwriting, whose slant differs from writer to writer.
    Defaults: horizontal, up to 15 degrees.
    Source: Simard et al. 2003, Best Practices for Convolutional Neural Networks.
    """

    main: ClassVar[str | None] = "degrees"

    kind: Literal["shear"] = "shear"
    degrees: Annotated[float, Field(ge=0, le=80)] = Field(
        default=15.0, description="largest slant to either side"
    )
    axis: Literal["horizontal", "vertical"] = Field(
        default="horizontal", description="horizontal slides rows, vertical columns"
    )
    p: Probability = Field(default=1.0, description="probability that an image is slanted")
    outside: Outside = Field(default="zeros", description=BORDER)

    @property
    def off(self) -> bool:
        return self.degrees == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        slopes = uniform(x, -self.degrees, self.degrees, generator).deg2rad().tan()
        matrices = shearing(x, slopes, row=0 if self.axis == "horizontal" else 1)
        slanted = warp(x, matrices, self.outside)
        return with_probability(self.p, slanted, x, generator), y
