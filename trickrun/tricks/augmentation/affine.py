from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability, Share
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability
from trickrun.tricks.augmentation._warp import (
    BORDER,
    Outside,
    after,
    rotation,
    scaling,
    shearing,
    translation,
    warp,
)

if TYPE_CHECKING:
    import torch


class Affine(Augmentation):
    """Shear, turn, scale and move each image in one interpolation.

    Formula: x[A p + t], A and t from a slant, an angle, a factor and an offset drawn apart.
    When: several of rotate, scale, shear and shift together: one interpolation blurs less and
        costs less than four.
    Defaults: 10 degrees, a tenth of the size, 5 degrees of slant, offsets up to a tenth of the
        image: the mild end of torchvision's RandomAffine examples.
    Source: torchvision.transforms.RandomAffine.
    """

    turn_parameter: ClassVar[str | None] = "rotate"

    kind: Literal["affine"] = "affine"
    rotate: Annotated[float, Field(ge=0, le=180)] = Field(
        default=10.0, description="largest angle in degrees"
    )
    scale: Share = Field(default=0.1, description="largest change of the size, as a share")
    shear: Annotated[float, Field(ge=0, le=80)] = Field(
        default=5.0, description="largest horizontal slant in degrees"
    )
    translate: Share = Field(
        default=0.1, description="largest offset, as a share of width and height"
    )
    p: Probability = Field(default=1.0, description="probability that an image is changed")
    outside: Outside = Field(default="zeros", description=BORDER)

    @property
    def off(self) -> bool:
        return self.p == 0 or not any((self.rotate, self.scale, self.shear, self.translate))

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        height, width = x.shape[2:]

        def drawn(bound: float, around: float = 0.0) -> torch.Tensor:
            return uniform(x, around - bound, around + bound, generator)

        matrices = shearing(x, drawn(self.shear).deg2rad().tan())
        matrices = after(matrices, rotation(x, drawn(self.rotate)))
        matrices = after(matrices, scaling(x, drawn(self.scale, around=1.0)))
        offsets = drawn(self.translate * width), drawn(self.translate * height)
        matrices = after(matrices, translation(x, *offsets))
        return with_probability(self.p, warp(x, matrices, self.outside), x, generator), y
