"""Weights as length times direction, in operations that vmap knows (torch's own it does not)."""

from __future__ import annotations

import torch
from torch import nn


class LengthAndDirection(nn.Module):
    """Compute a weight [units, ...] as g * v / ||v|| for each unit: a parametrization."""

    def forward(self, g: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return v * (g / lengths(v))

    def right_inverse(self, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the g [units, 1, ...] and v that ``weight`` is computed from."""
        return lengths(weight), weight


def lengths(v: torch.Tensor) -> torch.Tensor:
    """Return the 2-norm of each unit's weights, [units, 1, ...]."""
    norms: torch.Tensor = v.flatten(1).norm(dim=1)
    return norms.reshape(-1, *[1] * (v.ndim - 1))
