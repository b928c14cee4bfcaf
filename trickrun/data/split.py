"""Which samples validate, test and train: seeded, disjoint, with each class's share kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.streams import generator

if TYPE_CHECKING:
    import torch


def take(
    candidates: torch.Tensor, strata: torch.Tensor | None, count: int, seed: int, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw ``count`` of ``candidates`` (sample indices [M]); return (drawn, rest), both sorted.

    Args:
        strata: the class [N] of every sample of the data set, or None for a plain draw. Candidates
            are shuffled, ordered by class and taken at even distances, so that every class's share
            is kept to within one sample.
        name: the stream's name, so that the draws for val and test are independent.
    """
    import torch

    if count == 0:
        return candidates[:0], candidates
    order = torch.randperm(len(candidates), generator=generator(seed, "split", name))
    shuffled = candidates[order]
    if strata is not None:
        shuffled = shuffled[torch.argsort(strata[shuffled], stable=True)]
    places = ((torch.arange(count) + 0.5) * len(shuffled) / count).long()
    drawn = torch.zeros(len(shuffled), dtype=torch.bool)
    drawn[places] = True
    return shuffled[drawn].sort().values, shuffled[~drawn].sort().values
