from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Margin
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation.random_crop import cropped

if TYPE_CHECKING:
    import torch


class Shift(Augmentation):
    """Move each image by a few pixels, and fill what comes in with zeros.

    Formula: x[i - dy, j - dx] with dy and dx drawn from -pixels..pixels, all equally likely.
    When: images in which an object's place means nothing; with flip the usual pair for CIFAR.
    Defaults: 1 pixel, enough for 8 by 8 digits; 4 is usual for 32 by 32 photos.
    Interactions: it acts before normalization, so the border is the raw 0: black.
    Source: Simard et al. 2003, Best Practices for Convolutional Neural Networks; He et al. 2016,
        Deep Residual Learning, arXiv:1512.03385 (random crops of the padded image).
    """

    main: ClassVar[str | None] = "pixels"

    kind: Literal["shift"] = "shift"
    pixels: Margin = Field(default=1, description="largest offset in each direction")

    @property
    def off(self) -> bool:
        return self.pixels == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return cropped(x, self.pixels, "zeros", generator), y
