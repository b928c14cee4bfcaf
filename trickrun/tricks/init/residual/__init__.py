"""The ways to start residual branches, a file each."""

from __future__ import annotations

from trickrun.tricks.init.residual._residual_init import (
    RESIDUAL_INITS,
    AnyResidualInit,
    ResidualInit,
)

__all__ = ["RESIDUAL_INITS", "AnyResidualInit", "ResidualInit"]
