"""Batch normalization whose statistics are those of parts of the batch."""

from __future__ import annotations

import torch
from torch import nn


class GhostBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Normalize parts of a batch [N, features, *spatial] one by one; see torch.nn.BatchNorm1d.

    Args:
        part: samples of a part, at least.
    """

    def __init__(
        self,
        part: int,
        features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
    ) -> None:
        super().__init__(features, eps=eps, momentum=momentum, affine=affine)
        self.part = part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        parts = torch.tensor_split(x, max(1, len(x) // self.part))
        return torch.cat([super(GhostBatchNorm, self).forward(part) for part in parts])

    def extra_repr(self) -> str:
        return f"part={self.part}, {self.num_features}, eps={self.eps}, momentum={self.momentum}"


class GhostBatchNorm1d(GhostBatchNorm, nn.BatchNorm1d):
    """For [N, features] or [N, features, length]."""


class GhostBatchNorm2d(GhostBatchNorm, nn.BatchNorm2d):
    """For [N, channels, height, width]."""
