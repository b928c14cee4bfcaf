from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage
from trickrun.tricks.augmentation._draws import uniform, with_probability

if TYPE_CHECKING:
    import torch


class Cutout(Augmentation):
    """Cover a square of each image with the mean color.

    Formula: 0 within size / 2 of a center that is uniform over the image, after normalization;
        a square that reaches over the edge is cut off there.
    When: objects that may be partly hidden; with flip and shift a strong trio for CIFAR.
    Defaults: a quarter of the side; the paper has half of it for CIFAR-10, a quarter for
        CIFAR-100.
    Source: DeVries & Taylor 2017, Improved Regularization of CNNs with Cutout, arXiv:1708.04552.
    """

    main: ClassVar[str | None] = "size"

    kind: Literal["cutout"] = "cutout"
    size: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.25, description="the square's side, as a share of the image's shorter one"
    )
    p: Probability = Field(default=1.0, description="probability that an image is covered")

    @property
    def stage(self) -> Stage:
        return "normalized"

    @property
    def off(self) -> bool:
        return self.size == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        height, width = x.shape[2:]
        side = max(1, round(self.size * min(height, width)))
        top = uniform(x, 0, height, generator).floor() - side // 2
        left = uniform(x, 0, width, generator).floor() - side // 2
        inside = rectangle(x, top, top + side, left, left + side)
        return with_probability(self.p, x.masked_fill(inside, 0), x, generator), y


def rectangle(
    x: torch.Tensor,
    top: torch.Tensor,
    bottom: torch.Tensor,
    left: torch.Tensor,
    right: torch.Tensor,
) -> torch.Tensor:
    """Return which pixels [N, 1, H, W] of images ``x`` lie in the rectangles with these edges [N].

    The pixels at top and left belong to them, those at bottom and right do not.
    """
    import torch

    rows = torch.arange(x.shape[2], device=x.device)
    columns = torch.arange(x.shape[3], device=x.device)
    down = (rows >= top[:, None]) & (rows < bottom[:, None])
    across = (columns >= left[:, None]) & (columns < right[:, None])
    return (down[:, :, None] & across[:, None, :]).unsqueeze(1)
