"""What augmentations draw: a number for each sample, on the device, from the trick's generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def uniform(x: torch.Tensor, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    """Return a number in [low, high) for each sample of the batch ``x`` [N, ...], of its type."""
    import torch

    draws = torch.rand(len(x), generator=generator, device=x.device, dtype=x.dtype)
    return draws.mul_(high - low).add_(low)


def broadcast(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return ``values`` [N, ...] with as many dimensions as ``x`` [N, ...]."""
    return values.reshape(*values.shape, *[1] * (x.ndim - values.ndim))


def with_probability(
    p: float, changed: torch.Tensor, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Return each sample of ``changed`` with probability ``p``, else that of ``x``."""
    import torch

    if p == 1:
        return changed
    return torch.where(broadcast(uniform(x, 0, 1, generator) < p, x), changed, x)


def ordered(pair: tuple[float, float]) -> tuple[float, float]:
    """Return a lower and an upper bound; ValueError if they are the other way round."""
    if pair[0] > pair[1]:
        raise ValueError(f"the first number is the smaller one: [{pair[1]:g}, {pair[0]:g}]")
    return pair
