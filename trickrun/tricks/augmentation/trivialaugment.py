from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Probability
from trickrun.tricks.augmentation._augmentation import Augmentation
from trickrun.tricks.augmentation._draws import uniform, with_probability
from trickrun.tricks.augmentation._policy import Ranges, apply_one_each, policy

if TYPE_CHECKING:
    import torch

RANGES = Ranges(degrees=135, slope=0.99, offset=1.0, factor=0.99, bits=6)


class TrivialAugment(Augmentation):
    """Change each image by one operation of a fixed list, at a strength drawn from 0 to all.

    Formula: o(x; s) with o uniform over randaugment's list and s ~ U(0, 1) of wide ranges: 135
        degrees, slopes to 0.99, offsets to the whole side, factors 0.01 to 1.99, 8 to 2 bits.
    When: photos, as a first augmentation: nothing is to be tuned.
    Defaults: p = 1: every image; the list itself holds "nothing". The ranges are the paper's wide
        ones, with offsets to the image's side in place of 32 pixels.
    Interactions: black and white are each image's own darkest and brightest value; what comes in
        from outside is 0. The paper's equalize is left out.
    Source: Mueller & Hutter 2021, TrivialAugment, arXiv:2103.10158.
    """

    main: ClassVar[str | None] = "p"

    kind: Literal["trivialaugment"] = "trivialaugment"
    p: Probability = Field(default=1.0, description="probability that an image is changed")

    @property
    def off(self) -> bool:
        return self.p == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        strength = uniform(x, 0, 1, generator)
        changed = apply_one_each(x, strength, policy(RANGES, x.shape[1]), generator)
        return with_probability(self.p, changed, x, generator), y
