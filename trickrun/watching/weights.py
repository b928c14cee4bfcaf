"""Weights whose rows begin equal and stay so: units that compute, and learn, the same."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field

import torch

MOST_ENTRIES = 5_000_000
"""Entries of a tensor up to which its rows are compared."""


LOOKS = 3
"""Looks from which on rows count as equal for good."""

ROUNDING = 1e-3
"""Difference of the rows over the largest entry that rounding may make of equal ones; own."""


@dataclass
class EqualRows:
    """The trained matrices whose rows have been equal in each look so far.

    Args:
        names: of them, once they have been looked at often enough.
    """

    looks: int = 0
    kept: list[weakref.ref[torch.Tensor]] = field(default_factory=list)
    names: tuple[str, ...] = ()

    def look(self, leaves: tuple[torch.Tensor, ...], names: dict[int, str]) -> None:
        """Look at the matrices that a loss depends on, and after the first look at those only whose
        rows were equal.

        Args:
            names: of parameters, by identity.
        """
        if self.looks and not self.kept:
            return
        known = [one() for one in self.kept] if self.looks else leaves
        equal = [one for one in known if one is not None and has_equal_rows(one)]
        self.kept = [weakref.ref(one) for one in equal]
        self.looks += 1
        if self.looks >= LOOKS:
            self.names = tuple(names.get(id(one), f"a tensor {list(one.shape)}") for one in equal)


@torch.no_grad()
def has_equal_rows(tensor: torch.Tensor) -> bool:
    """Whether all rows of a matrix, or all kernels of a layer, are equal."""
    rows = tensor.shape[0] if tensor.ndim >= 2 else 0
    if rows < 2 or tensor.numel() < 2 * rows or tensor.numel() > MOST_ENTRIES:
        return False
    if tensor.layout != torch.strided:
        return False
    values = tensor.detach()
    largest = ROUNDING * float(values[0].abs().max())
    if float((values[1] - values[0]).abs().max()) > largest:
        return False
    return float((values - values[:1]).abs().max()) <= largest
