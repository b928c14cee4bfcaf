from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage, Takes

if TYPE_CHECKING:
    import torch


class FeatureDropout(Augmentation):
    """Set each feature of each sample to its mean with probability p.

    Formula: m x with m ~ Bernoulli(1 - p) for each value, after normalization; nothing is scaled.
    When: tables with features that may be missing or wrong, or that the network leans on alone.
    Defaults: p = 0.1.
    Interactions: unlike regularizers.dropout.input, what stays is not divided by 1 - p: the
        samples look like real ones with some values unknown.
    Source: Vincent et al. 2008, Extracting and Composing Robust Features with Denoising
        Autoencoders (masking noise).
    """

    main: ClassVar[str | None] = "p"
    takes: ClassVar[Takes] = "numbers"

    kind: Literal["feature_dropout"] = "feature_dropout"
    p: DropProbability = Field(default=0.1, description="probability that a value is dropped")

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

        draws = torch.rand(x.shape, generator=generator, device=x.device)
        return x.masked_fill(draws < self.p, 0), y
