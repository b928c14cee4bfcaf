from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.tricks.regularizers._mixing import Mixing

if TYPE_CHECKING:
    import torch


class CutMix(Mixing):
    """Paste a box of another image into each image, and mix the targets by the box's area.

    Formula: a box of sqrt(1 - lam) times height and width around a random pixel, cut at the edges,
        comes from x_j; loss = s * L(f(x), y_i) + (1 - s) * L(f(x), y_j), with s the share of x_i's
        pixels that are left and lam ~ Beta(alpha, alpha), one box per batch.
    When: classification of images with a network that overfits.
    Defaults: alpha 1, the paper's: every area is as likely.
    Interactions: needs images. It acts after augmentation. With mixup, each batch gets one of the
        two.
    Source: Yun et al. 2019, CutMix, arXiv:1905.04899.
    """

    needs_image: ClassVar[bool] = True

    ledger_order: ClassVar[int] = 31

    main: ClassVar[str | None] = "alpha"

    kind: ClassVar[Literal["cutmix"]] = "cutmix"

    def mix(self, x: torch.Tensor, draw: random.Random) -> tuple[torch.Tensor, float]:
        height, width = x.shape[-2:]
        side = (1 - draw.betavariate(self.alpha, self.alpha)) ** 0.5
        top, bottom = span(height, side, draw)
        left, right = span(width, side, draw)
        mixed = x.clone()
        mixed[..., top:bottom, left:right] = x.roll(1, 0)[..., top:bottom, left:right]
        return mixed, 1 - (bottom - top) * (right - left) / (height * width)


def span(size: int, share: float, draw: random.Random) -> tuple[int, int]:
    """Return begin and end of a piece of ``share`` of ``size`` pixels around a random one."""
    length, center = int(size * share), draw.randrange(size)
    return max(center - length // 2, 0), min(center + (length + 1) // 2, size)
