from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Probability
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage
from trickrun.tricks.augmentation._draws import with_probability

if TYPE_CHECKING:
    import torch


class ColorShift(Augmentation):
    """Add one number to all pixels of a channel: each image gets a tint of its own.

    Formula: x_c + s_c with s_c ~ U(-by, by) for each image and channel, after normalization.
    When: photos under lamps and skies of different color.
    Defaults: by 0.1, a tenth of a standardized channel's spread.
    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs, who draw along the
        colors' principal axes; one draw per channel: Keras' channel_shift_range.
    """

    main: ClassVar[str | None] = "by"

    kind: Literal["color_shift"] = "color_shift"
    by: NonNegative = Field(
        default=0.1, description="largest offset, in units of the normalized input"
    )
    p: Probability = Field(default=1.0, description="probability that an image is tinted")

    @property
    def stage(self) -> Stage:
        return "normalized"

    @property
    def off(self) -> bool:
        return self.by == 0 or self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        tints = torch.empty(*x.shape[:2], 1, 1, dtype=x.dtype, device=x.device)
        tints.uniform_(-self.by, self.by, generator=generator)
        return with_probability(self.p, x + tints, x, generator), y
