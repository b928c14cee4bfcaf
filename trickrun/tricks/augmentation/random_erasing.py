from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage
from trickrun.tricks.augmentation._draws import ordered, uniform, with_probability
from trickrun.tricks.augmentation.cutout import rectangle
from trickrun.tricks.augmentation.resized_crop import PositiveShare, Ratios

if TYPE_CHECKING:
    import torch

Shares = Annotated[tuple[PositiveShare, PositiveShare], Field(strict=False),
                   AfterValidator(ordered)]  # fmt: skip


class RandomErasing(Augmentation):
    """Cover a rectangle of random size and proportions in some images.

    Formula: rows and columns are sqrt(a r) and sqrt(a / r) of the image's, at most all, with
        a ~ U(area) and log r ~ U(log ratio); the place is uniform inside the image.
    When: objects that may be partly hidden: people, products, photos.
    Defaults: on every second image, 2 to 33 % of the area, ratios 0.3 to 3.3 as in the paper;
        covered with the mean (0 after normalization) as timm does.
    Source: Zhong et al. 2017, Random Erasing Data Augmentation, arXiv:1708.04896.
    """

    main: ClassVar[str | None] = "p"

    kind: Literal["random_erasing"] = "random_erasing"
    p: Probability = Field(default=0.5, description="probability that an image is covered")
    area: Shares = Field(
        default=(0.02, 0.33), description="smallest and largest share of the image's area"
    )
    ratio: Ratios = Field(
        default=(0.3, 1 / 0.3), description="smallest and largest height over width"
    )
    fill: Literal["mean", "noise"] = Field(
        default="mean", description="0 after normalization, or N(0, 1) in each pixel"
    )

    @property
    def stage(self) -> Stage:
        return "normalized"

    @property
    def off(self) -> bool:
        return self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        inside = rectangle(x, *self.edges(x, generator))
        if self.fill == "mean":
            erased = x.masked_fill(inside, 0)
        else:
            noise = torch.empty_like(x).normal_(generator=generator)
            erased = torch.where(inside, noise, x)
        return with_probability(self.p, erased, x, generator), y

    def edges(self, x: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        """Return where the rectangles begin and end: top, bottom, left, right [N] in pixels."""
        height, width = x.shape[2:]
        area = uniform(x, *self.area, generator)
        low, high = self.ratio
        ratio = uniform(x, math.log(low), math.log(high), generator).exp()
        rows = ((area * ratio).sqrt() * height).round().clamp(1, height)
        columns = ((area / ratio).sqrt() * width).round().clamp(1, width)
        top = (uniform(x, 0, 1, generator) * (height - rows + 1)).floor()
        left = (uniform(x, 0, 1, generator) * (width - columns + 1)).floor()
        return top, top + rows, left, left + columns
