"""RMS normalization of channels, which torch.nn.RMSNorm (last dimensions only) does not have."""

from __future__ import annotations

import torch
from torch import nn


class ChannelRMSNorm(nn.Module):
    """Divide each sample [N, channels, *spatial] by its root mean square, then scale each channel.

    Args:
        channels: size of dimension 1.
        eps: added to the mean square.
        affine: whether to learn a scale for each channel.
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean_square = x.square().mean(dim=tuple(range(1, x.ndim)), keepdim=True)
        x = x * torch.rsqrt(mean_square + self.eps)
        if self.weight is None:
            return x
        return x * self.weight.reshape(-1, *[1] * (x.ndim - 2))

    def extra_repr(self) -> str:
        return f"eps={self.eps}, affine={self.weight is not None}"
