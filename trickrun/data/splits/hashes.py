"""Which samples are equal, by hashes of their bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trickrun.nn.rng import generator

if TYPE_CHECKING:
    import torch

WORDS = 2**20
"""64-bit words that are mixed at one time."""


def row_hashes(x: torch.Tensor, most: int | None = None) -> torch.Tensor:
    """Return a 64-bit hash of each sample's bytes [M]; equal samples have equal ones.

    Each 32-bit word is multiplied by a number of its place, folded and multiplied again before the
    sum, so that differences in several places do not cancel.

    Args:
        x: samples [N, *shape].
        most: bytes that are hashed: of more, the first samples; None: all.
    """
    import torch

    size = math.prod(x.shape[1:]) * x.element_size()
    kept = len(x) if most is None else max(1, most // max(1, size))
    rows = x[:kept].reshape(-1, math.prod(x.shape[1:]))
    draw = generator(0, "row_hashes")
    places = -(-size // 4)
    first, second = (
        torch.randint(-(2**62), 2**62, (places,), generator=draw).mul_(2).add_(1).to(x.device)
        for _ in range(2)
    )
    return torch.cat([mixed(chunk, first, second) for chunk in rows.split(max(1, WORDS // places))])


def mixed(rows: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the hashes of some samples [M, features]."""
    import torch
    from torch.nn import functional

    # In one line first: the stride of an axis of length 1 may be any.
    data = rows.contiguous().view(-1).view(torch.uint8).view(len(rows), -1)
    data = functional.pad(data, (0, -data.shape[1] % 4))
    words = data.view(torch.int32).long() * first
    return ((words ^ (words >> 31)) * second).sum(1)


def pair_hashes(x: torch.Tensor, y: torch.Tensor, most: int | None = None) -> torch.Tensor:
    """Return a 64-bit hash [M] of each sample's input and target together.

    Args:
        most: bytes of inputs that are hashed; see ``row_hashes``.
    """
    import torch

    inputs = row_hashes(x, most)
    return row_hashes(torch.stack([inputs, row_hashes(y[: len(inputs)])], dim=1))
