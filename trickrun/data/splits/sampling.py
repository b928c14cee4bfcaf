"""Which samples an epoch shows, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


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
    drawn = [
        repeated((y == label).nonzero().flatten(), int(wanted), generator)
        for label, wanted in zip(classes, shares, strict=True)
    ]
    chosen = torch.cat(drawn)
    return chosen[torch.randperm(len(chosen), generator=generator)]


def repeated(members: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return ``count`` of ``members``, whole rounds of all of them and then a random part."""
    import torch

    rounds, rest = divmod(count, len(members))
    part = members[torch.randperm(len(members), generator=generator)[:rest]]
    return torch.cat([members.repeat(rounds), part])
