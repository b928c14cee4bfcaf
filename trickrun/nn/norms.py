"""Normalizations that torch.nn lacks, and batch norm's running statistics taken anew."""

from __future__ import annotations

from collections.abc import Iterable

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


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Set the running statistics of ``model``'s batch norms to their mean over ``batches``.

    Everything else acts as in evaluation, dropout included, and so do batch norms that training
    leaves in evaluation mode: frozen ones. The model is left in evaluation mode.

    Args:
        batches: inputs [B, *shape] each, as the model takes them; at least one.
    """
    model.train()
    batch_norm = nn.modules.batchnorm._BatchNorm
    norms = [m for m in model.modules() if isinstance(m, batch_norm) and m.training]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    for batch in batches:
        model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
