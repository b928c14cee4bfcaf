from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import RepeatsOrZero
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._policy import Ranges, apply_one_each, policy

if TYPE_CHECKING:
    import torch

WIDEST = 30
"""The scale that magnitude counts on."""

RANGES = Ranges(degrees=30, slope=0.3, offset=0.45, factor=0.9, bits=4)


class RandAugment(Augmentation):
    """Change each image by a few operations drawn from a fixed list, all at one strength.

    Formula: o_n(... o_1(x)) with each o uniform over: nothing, rotate, shear and translate along
        both axes, brightness, contrast, sharpness, saturation (color images), posterize,
        solarize, autocontrast; the sign of each strength is a coin's.
    When: photos, where a search for single augmentations is too expensive: two numbers to tune.
    Defaults: 2 operations at magnitude 9 of 30, the paper's for ImageNet and torchvision's.
    Interactions: black and white are each image's own darkest and brightest value; what comes in
        from outside is 0. The paper's equalize is left out.
    Source: Cubuk et al. 2019, RandAugment, arXiv:1909.13719.
    """

    main: ClassVar[str | None] = "magnitude"

    kind: Literal["randaugment"] = "randaugment"
    magnitude: Annotated[float, Field(ge=0, le=WIDEST)] = Field(
        default=9.0, description="strength of every operation, of 30"
    )
    operations: RepeatsOrZero = Field(
        default=2, description="operations per image, one after another"
    )

    @property
    def off(self) -> bool:
        return self.operations == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        choices = policy(RANGES, x.shape[1])
        strength = x.new_full((len(x),), self.magnitude / WIDEST)
        for _ in range(self.operations):
            x = apply_one_each(x, strength, choices, generator)
        return x, y
