"""What mixup and cutmix share."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from trickrun.params import NonNegative
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.losses import Loss


class Mixing(Regularizer):
    """A trick that mixes each sample of a batch with the one before it.

    Batches are shuffled, so the one before is a random other one.
    """

    ledger_order: ClassVar[int] = 30

    needs_image: ClassVar[bool] = False

    alpha: NonNegative = Field(
        default=1.0, description="lam ~ Beta(alpha, alpha); near 0 mixes little, 0 is off"
    )

    @property
    def off(self) -> bool:
        return self.alpha == 0

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        return 1, "training batches"

    def mix(self, x: torch.Tensor, draw: random.Random) -> tuple[torch.Tensor, float]:
        """Return mixed inputs [B, *shape], and the share that each has of its own sample.

        The draws are Python's: numbers on the device would have to be waited for.
        """
        raise NotImplementedError
