"""Which samples validate, test and train, and which of these an epoch shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.nn.rng import generator

if TYPE_CHECKING:
    import torch


def take(
    candidates: torch.Tensor, strata: torch.Tensor | None, count: int, seed: int, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw ``count`` of ``candidates`` (sample indices [M]); return (drawn, rest), both sorted.

    Args:
        strata: the class [N] of every sample of the data set, or None for a plain draw. Candidates
            are ordered by class and taken at even distances, so that every class's share is kept
            to within one sample.
        name: the stream's name, so that the draws for val and test are independent.
    """
    import torch

    order = mixed(candidates, strata, seed, name)
    drawn = torch.zeros(len(order), dtype=torch.bool)
    drawn[(2 * torch.arange(count) + 1) * len(order) // max(1, 2 * count)] = True
    return order[drawn].sort().values, order[~drawn].sort().values


def take_fold(
    candidates: torch.Tensor, strata: torch.Tensor | None, folds: int, fold: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return part ``fold`` of ``folds`` equal parts of ``candidates`` [M], and the others.

    The parts are disjoint and together all candidates; each keeps the classes' shares.
    """
    import torch

    order = mixed(candidates, strata, seed, "folds")
    drawn = torch.arange(len(order)) % folds == fold
    return order[drawn].sort().values, order[~drawn].sort().values


def mixed(
    candidates: torch.Tensor, strata: torch.Tensor | None, seed: int, name: str
) -> torch.Tensor:
    """Return ``candidates`` shuffled, then ordered by class if there are ``strata``."""
    import torch

    order = torch.randperm(len(candidates), generator=generator(seed, "split", name))
    shuffled = candidates[order]
    if strata is None:
        return shuffled
    return shuffled[torch.argsort(strata[shuffled], stable=True)]


def balanced_order(y: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return as many indices as there are class indices ``y`` [N], each class equally often.

    A class with fewer samples than its share shows them again and again, all equally often to
    within one time; one with more shows a random part. Classes that ``y`` lacks have no share.
    """
    import torch

    counts = torch.bincount(y)
    classes = counts.nonzero().flatten()
    share, rest = divmod(len(y), len(classes))
    # Who gets the samples that are left over is drawn, so that no class has more in the long run.
    lucky = torch.randperm(len(classes), generator=generator)[:rest]
    shares = torch.full_like(classes, share).index_add_(0, lucky, torch.ones_like(lucky))
    # Sorted once: to look for each class among all samples would cost as much for each of them.
    members = y.argsort(stable=True).split(counts[classes].tolist())
    drawn = [
        repeated(those, wanted, generator)
        for those, wanted in zip(members, shares.tolist(), strict=True)
    ]
    chosen = torch.cat(drawn)
    return chosen[torch.randperm(len(chosen), generator=generator)]


def repeated(members: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return ``count`` of ``members``, whole rounds of all of them and then a random part."""
    import torch

    rounds, rest = divmod(count, len(members))
    part = members[torch.randperm(len(members), generator=generator)[:rest]]
    return torch.cat([members.repeat(rounds), part])
