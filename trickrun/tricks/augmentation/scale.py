from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability
from trickrun.tricks.augmentation._warp import BORDER, Outside, scaling, warp

if TYPE_CHECKING:
    import torch


class Scale(Augmentation):
    """Magnify or shrink each image about its center; its size in pixels stays.

    Formula: x[p / s] with s ~ U(1 - by, 1 + by), interpolated bilinearly.
    When: objects seen from various distances.
    Defaults: by 0.2; torchvision and Keras leave it to the user, 0.1 to 0.3 is usual.
    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs; torchvision's
        RandomAffine(scale).
    """

    main: ClassVar[str | None] = "by"

    kind: Literal["scale"] = "scale"
    by: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.2, description="largest change of the size: 0.2 is a factor of 0.8 to 1.2"
    )
    p: Probability = Field(default=1.0, description="probability that an image is scaled")
    outside: Outside = Field(default="zeros", description=BORDER)

    @property
    def off(self) -> bool:
        return self.by == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        factors = uniform(x, 1 - self.by, 1 + self.by, generator)
        scaled = warp(x, scaling(x, factors), self.outside)
        return with_probability(self.p, scaled, x, generator), y
