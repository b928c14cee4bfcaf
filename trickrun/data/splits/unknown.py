"""Cells that become unknown in training, so that the unknown category's vector is learned too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trickrun.data.formats.categories import UNKNOWN

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.prepare import Prepared

SHARE = 0.01
"""Share of a column's cells that are unknown in training, so that the vector is learned like that
of a category which every hundredth sample has. To replace words by the unknown one at random:
Bowman et al. 2016, Generating Sentences from a Continuous Space; the share is trickrun's own."""


@dataclass(frozen=True)
class UnknownCells:
    """A random change of training batches, called like an augmentation.

    Args:
        places: the columns of categories.
        shares: of each, the probability that a cell becomes unknown: max(0, SHARE - r) / (1 - r),
            where r is the share of its training cells that are unknown anyway, as rare ones are.
    """

    places: tuple[int, ...]
    shares: tuple[float, ...]

    def __call__(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a changed copy of inputs [N, columns], and their targets."""
        import torch

        x = x.clone()
        for place, share in zip(self.places, self.shares, strict=True):
            drawn = torch.rand(len(x), generator=generator, device=x.device)
            x[:, place] = torch.where(drawn < share, float(UNKNOWN), x[:, place])
        return x, y


def unknown_cells(data: Prepared) -> UnknownCells | None:
    """Return what makes cells of ``data`` unknown in training; None if none need be."""
    if data.task.unseen == "error":
        return None
    found = {}
    for place, rows in enumerate(data.task.rows):
        already = float((data.train.x[:, place] == UNKNOWN).double().mean()) if rows else 1.0
        if already < SHARE:
            found[place] = (SHARE - already) / (1 - already)
    return UnknownCells(tuple(found), tuple(found.values())) if found else None
