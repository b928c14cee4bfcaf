from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative
from trickrun.tricks.regularizers._mixing import Mixing

if TYPE_CHECKING:
    import torch


class Mixup(Mixing):
    """Train on mixtures of two samples, and on their two targets in the same shares.

    Formula: x = lam * x_i + (1 - lam) * x_j, loss = lam * L(f(x), y_i) + (1 - lam) * L(f(x), y_j),
        with one lam ~ Beta(alpha, alpha) per batch.
    When: classification of images, sound or tables with a network that overfits or is too sure.
    Defaults: alpha 0.2; the paper uses 0.1 to 0.4 for ImageNet and 1 for CIFAR-10.
    Interactions: the training loss stays above the validation loss, as no mixture can be told for
        sure. It acts after augmentation. With cutmix, each batch gets one of the two.
    Source: Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412.
    """

    main: ClassVar[str | None] = "alpha"

    kind: ClassVar[Literal["mixup"]] = "mixup"
    alpha: NonNegative = Field(
        default=0.2, description="lam ~ Beta(alpha, alpha); near 0 mixes little, 0 is off"
    )

    def mix(self, x: torch.Tensor, draw: random.Random) -> tuple[torch.Tensor, float]:
        share = draw.betavariate(self.alpha, self.alpha)
        return x.lerp(x.roll(1, 0), 1 - share), share
