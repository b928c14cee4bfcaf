from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative, Stackable
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage, Takes

if TYPE_CHECKING:
    import torch


class Noise(Augmentation):
    """Add normal noise to every input value.

    Formula: x + std * e with e ~ N(0, 1), after normalization.
    When: tables and small images; a mild penalty on the function's slope.
    Defaults: std 0.05, a twentieth of a standardized feature's spread.
    Source: Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization.
    """

    main: ClassVar[str | None] = "std"
    takes: ClassVar[Takes] = "numbers"
    noise_parameter: ClassVar[str | None] = "std"

    kind: Literal["noise"] = "noise"
    std: Annotated[NonNegative, Stackable()] = Field(
        default=0.05, description="in units of the normalized input"
    )

    @property
    def stage(self) -> Stage:
        return "normalized"

    @property
    def off(self) -> bool:
        return self.std == 0

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        noise = torch.empty_like(x).normal_(0.0, self.std, generator=generator)
        return noise.add_(x), y
