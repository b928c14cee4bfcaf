from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability, Share
from trickrun.tricks.augmentation._augmentation import Augmentation, Takes
from trickrun.tricks.augmentation._color import saturated
from trickrun.tricks.augmentation._draws import uniform, with_probability

if TYPE_CHECKING:
    import torch


class Saturation(Augmentation):
    """Make each image's colors stronger or paler.

    Formula: g + s (x - g) with s ~ U(1 - by, 1 + by) and g the grey image.
    When: photos in which an object's color varies.
    Defaults: 0.4, as in the usual color jitter of ImageNet training.
    Interactions: it acts before normalization; nothing is clipped at black or white.
    Source: torchvision.transforms.ColorJitter; Howard 2013, arXiv:1312.5402.
    """

    main: ClassVar[str | None] = "by"
    takes: ClassVar[Takes] = "color images"

    kind: Literal["saturation"] = "saturation"
    by: Share = Field(default=0.4, description="largest change: 0.4 is a factor of 0.6 to 1.4")
    p: Probability = Field(default=1.0, description="probability that an image is changed")

    @property
    def off(self) -> bool:
        return self.by == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        factors = uniform(x, 1 - self.by, 1 + self.by, generator)
        return with_probability(self.p, saturated(x, factors), x, generator), y
