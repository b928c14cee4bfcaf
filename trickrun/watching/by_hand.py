"""The tensors that a program without optimizers trains itself, as a look at a step sees them."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from trickrun.findings.evidence.program import GradientLook
from trickrun.watching.kept import is_constant, length, rows_alike

MOST_TENSORS, MOST_ENTRIES = 100, 1_000_000
"""Tensors that are looked at, and entries of each."""


@torch.no_grad()
def tensors_of(leaves: Iterable[torch.Tensor]) -> tuple[GradientLook, ...]:
    """Return what a pass has left of the tensors that its loss depends on.

    Which axis of a matrix its units are on is not known: ``alike`` if those along one of them are,
    ``gain`` along the axis where it is larger.
    """
    known = [one for one in leaves if one.numel() <= MOST_ENTRIES]
    return tuple(look_at(number, one) for number, one in enumerate(known[:MOST_TENSORS]))


def look_at(number: int, tensor: torch.Tensor) -> GradientLook:
    """Return what one tensor is like."""
    size, gradient = length(tensor), tensor.grad
    matrix = tensor.ndim == 2
    dense = gradient is not None and gradient.layout == torch.strided
    return GradientLook(
        f"tensor {number + 1} {list(tensor.shape)}",
        "",
        tensor.ndim,
        length(gradient) if gradient is not None and dense else None,
        None,
        None,
        size,
        matrix and (rows_alike(tensor) or rows_alike(tensor.T)),
        optimizer=-1,
        constant=is_constant(tensor),
        gain=size / min(tensor.shape) ** 0.5 if matrix and tensor.numel() else 0.0,
    )
