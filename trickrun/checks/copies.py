"""Samples that occur more than once, within and across splits, found by hashes of their bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch.nn import functional

from trickrun.data.splits.split_data import SplitData
from trickrun.findings.evidence.data import Copies
from trickrun.nn.rng import generator

BYTES = 2**26
"""Of a split's inputs that are hashed (64 MiB): of a larger one, its first samples."""

WORDS = 2**20
"""64-bit words that are mixed at one time."""

ROWS = 1024
"""Samples whose features' values are counted."""

REPEATS = 10
"""Possible inputs for each sample below which equal ones are no surprise."""


def copies(parts: Mapping[str, SplitData], classes: bool) -> Copies:
    """Return which samples of the splits occur more than once.

    Args:
        parts: the splits, "train" among them.
        classes: whether the targets are class indices [N], rather than values [N, targets].
    """
    train = parts["train"]
    hashes = {name: row_hashes(part.x) for name, part in parts.items()}
    known = hashes.pop("train")
    distinct, group = torch.unique(known, return_inverse=True)
    across = tuple((name, share(torch.isin(h, distinct))) for name, h in hashes.items())
    within = 1 - len(distinct) / len(known)
    if within == 0 and not any(found for _, found in across):
        return Copies()
    return Copies(
        within=within,
        conflicting=conflicting(group, len(distinct), train.y[: len(known)], classes),
        across=across,
        chance=few_possible(train.x),
    )


def share(mask: torch.Tensor) -> float:
    return float(mask.double().mean())


def row_hashes(x: torch.Tensor) -> torch.Tensor:
    """Return a 64-bit hash of each sample's bytes [M]; equal samples have equal ones.

    Each 32-bit word is multiplied by a number of its place, folded and multiplied again before the
    sum, so that differences in several places do not cancel.
    """
    size = math.prod(x.shape[1:]) * x.element_size()
    rows = x[: max(1, BYTES // max(1, size))].contiguous().reshape(-1, math.prod(x.shape[1:]))
    draw = generator(0, "row_hashes")
    places = -(-size // 4)
    first, second = (
        torch.randint(-(2**62), 2**62, (places,), generator=draw).mul_(2).add_(1).to(x.device)
        for _ in range(2)
    )
    return torch.cat([mixed(chunk, first, second) for chunk in rows.split(max(1, WORDS // places))])


def mixed(rows: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the hashes of some samples [M, features]."""
    data = rows.view(torch.uint8)
    data = functional.pad(data, (0, -data.shape[1] % 4))
    words = data.view(torch.int32).long() * first
    return ((words ^ (words >> 31)) * second).sum(1)


def conflicting(group: torch.Tensor, groups: int, y: torch.Tensor, classes: bool) -> float:
    """Return the share of samples whose equals have another target.

    Values conflict where they differ by more than a standard deviation: noise is no conflict.

    Args:
        group: the number [N] of each sample's group of equals.
        groups: how many there are.
        y: class indices [N] or values [N, targets].
    """
    values = (y if classes else y[:, 0]).double()
    low, high = (values.new_zeros(groups).scatter_reduce(0, group, values, way, include_self=False)
                 for way in ("amin", "amax"))  # fmt: skip
    least = 0.0 if classes else float(values.std(correction=0))
    return share((high - low > least)[group])


def few_possible(x: torch.Tensor) -> bool:
    """Return whether the features take so few values that equal inputs are to be expected."""
    chosen = x[torch.arange(min(len(x), ROWS), device=x.device) * len(x) // min(len(x), ROWS)]
    ordered = chosen.flatten(1).sort(0).values
    values = 1 + (ordered.diff(dim=0) != 0).sum(0).double()
    return float(values.log().sum()) < math.log(REPEATS * len(x))
