from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trickrun.params import Positive, Repeats
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import ordered, uniform
from trickrun.tricks.augmentation._warp import identity, warp
from trickrun.tricks.augmentation.random_crop import repeated

if TYPE_CHECKING:
    import torch

PositiveShare = Annotated[float, Field(gt=0, le=1)]
Ratios = Annotated[tuple[Positive, Positive], Field(strict=False), AfterValidator(ordered)]


class ResizedCrop(Augmentation):
    """Cut a part of each image, of random size and proportions, and enlarge it to the old size.

    Formula: width and height of the part are sqrt(a r) and sqrt(a / r) of the image's, at most all
        of it, with a ~ U(area, 1) and log r ~ U(log ratio); its place is uniform.
    When: photos of objects at any distance and place; the standard crop of ImageNet training.
    Defaults: area from 0.08 and ratios 3/4 to 4/3 as in Inception; for small images or few epochs
        area 0.25 to 0.5 trains faster.
    Interactions: with crops above 1 each image is in the batch that many times, with a new crop
        each time.
    Source: Szegedy et al. 2015, Going Deeper with Convolutions, arXiv:1409.4842; torchvision's
        RandomResizedCrop.
    """

    main: ClassVar[str | None] = "area"

    kind: Literal["resized_crop"] = "resized_crop"
    area: PositiveShare = Field(default=0.08, description="smallest share of the image's area")
    ratio: Ratios = Field(
        default=(3 / 4, 4 / 3), description="smallest and largest width over height"
    )
    crops: Repeats = Field(default=1, description="crops of each image in a row in the batch")

    @property
    def trains_alone(self) -> bool:
        """Trials of one stack have batches of one size."""
        return self.crops > 1

    @property
    def off(self) -> bool:
        return self.area == self.crops == min(self.ratio) == max(self.ratio) == 1

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = repeated(x, y, self.crops)
        area = uniform(x, self.area, 1, generator)
        low, high = self.ratio
        ratio = uniform(x, math.log(low), math.log(high), generator).exp()
        wide = (area * ratio).sqrt().clamp(max=1)
        tall = (area / ratio).sqrt().clamp(max=1)
        right = (1 - wide) * uniform(x, -0.5, 0.5, generator)
        down = (1 - tall) * uniform(x, -0.5, 0.5, generator)
        return enlarged(x, wide, tall, right, down), y


def enlarged(
    x: torch.Tensor,
    width: torch.Tensor,
    height: torch.Tensor,
    right: torch.Tensor,
    down: torch.Tensor,
) -> torch.Tensor:
    """Return a part of each image ``x`` [N, C, H, W] in the image's size.

    Args:
        width, height: of the parts [N], as shares of the image's.
        right, down: where their centers are [N], from the image's center, as shares of its size.
    """
    matrices = identity(x)
    matrices[:, 0, 0] = width
    matrices[:, 1, 1] = height
    matrices[:, 0, 2] = right * x.shape[3]
    matrices[:, 1, 2] = down * x.shape[2]
    return warp(x, matrices, "border")
