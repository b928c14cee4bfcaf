"""What every augmentation shares: whole batches in and out, each sample with its own draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.params import Params

if TYPE_CHECKING:
    import torch


class Augmentation(Params):
    """A random change of the training batches; validation and test data never see it."""

    stage: ClassVar[Literal["raw", "normalized"]] = "raw"
    """Raw ones act before data.normalize (a shifted-in border is the raw 0), normalized ones after
    it (noise is in units of the standard deviation). Within a stage the recipe's order holds."""

    needs_image: ClassVar[bool] = True
    """Whether samples must have the shape [channels, height, width]."""

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return changed copies of a float batch ``x`` [N, ...] and its targets ``y`` [N, ...]."""
        raise NotImplementedError
