from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability, Share
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._color import brightened
from trickrun.tricks.augmentation._draws import uniform, with_probability

if TYPE_CHECKING:
    import torch


class Brightness(Augmentation):
    """Make each image brighter or darker by a factor of its own.

    Formula: s x with s ~ U(1 - by, 1 + by).
    When: photos in changing light.
    Defaults: 0.4, as in the usual color jitter of ImageNet training.
    Interactions: it acts before normalization, so black stays 0; nothing is clipped at
        white.
    Source: torchvision.transforms.ColorJitter; Howard 2013, arXiv:1312.5402.
    """

    main: ClassVar[str | None] = "by"

    kind: Literal["brightness"] = "brightness"
    by: Share = Field(default=0.4, description="largest change: 0.4 is a factor of 0.6 to 1.4")
    p: Probability = Field(default=1.0, description="probability that an image is changed")

    @property
    def off(self) -> bool:
        return self.by == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        factors = uniform(x, 1 - self.by, 1 + self.by, generator)
        return with_probability(self.p, brightened(x, factors), x, generator), y
