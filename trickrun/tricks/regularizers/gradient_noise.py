from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import NonNegative
from trickrun.tricks.regularizers._gradient_change import GradientChange

if TYPE_CHECKING:
    import torch


class GradientNoise(GradientChange):
    """Add Gaussian noise to the gradient, less with each step.

    Formula: g <- g + n with n ~ N(0, eta / (1 + t)^gamma) for each entry at step t from 0.
    When: very deep networks that depend on a lucky start.
    Defaults: eta 0.01, the least of the paper's 0.01, 0.3 and 1; gamma 0.55, the paper's.
    Interactions: clipping comes after it, so that it bounds what the optimizer sees; the logged
        gradient norm is without it.
    Source: Neelakantan et al. 2015, Adding Gradient Noise Improves Learning for Very Deep
        Networks, arXiv:1511.06807.
    """

    ledger_order: ClassVar[int] = 40

    main: ClassVar[str | None] = "eta"

    kind: ClassVar[Literal["gradient_noise"]] = "gradient_noise"
    eta: NonNegative = Field(default=0.01, description="variance at the first step; 0 is off")
    gamma: NonNegative = Field(default=0.55, description="how fast the variance shrinks")

    @property
    def off(self) -> bool:
        return self.eta == 0

    def std(self, step: int) -> float:
        """Return the noise's standard deviation at ``step`` (from 0)."""
        return float((self.eta / (1 + step) ** self.gamma) ** 0.5)

    def add(
        self, parameters: Sequence[torch.Tensor], step: int, generator: torch.Generator
    ) -> None:
        """Add the noise of ``step`` to the gradients of ``parameters``."""
        import torch

        std = self.std(step)
        for gradient in (p.grad for p in parameters if p.grad is not None):
            noise = torch.randn(
                gradient.shape, generator=generator, dtype=gradient.dtype, device=gradient.device
            )
            gradient.add_(noise, alpha=std)
