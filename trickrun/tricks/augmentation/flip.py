from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation

if TYPE_CHECKING:
    import torch


class Flip(Augmentation):
    """Mirror each image with probability p.

    Formula: x[..., ::-1] with probability p; vertical mirrors the rows.
    When: photos (horizontal), pictures from above (both, listed twice). Never digits or letters,
        whose mirror image is another sign or none.
    Defaults: horizontal, p = 0.5.
    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs.
    """

    main: ClassVar[str | None] = "axis"

    mirrors: ClassVar[bool] = True

    kind: Literal["flip"] = "flip"
    axis: Literal["horizontal", "vertical"] = Field(
        default="horizontal", description="horizontal swaps left and right"
    )
    p: Probability = Field(default=0.5, description="probability that an image is mirrored")

    @property
    def off(self) -> bool:
        return self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        draws = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device)
        mirrored = x.flip(3 if self.axis == "horizontal" else 2)
        return torch.where(draws < self.p, mirrored, x), y
