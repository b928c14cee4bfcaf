"""Residual branches: the one place where deep networks add a layer's result to its input."""

from __future__ import annotations

import torch
from torch import nn


class Residual(nn.Module):
    """Add what a branch computes to its input: after(shortcut(x) + branch(x)).

    Tricks that act on residual branches (a last scale of zero, stochastic depth) find the places
    by this class and change ``branch``, whose last layers are those before the addition.

    Args:
        branch: from [N, …] to the shape that ``shortcut`` puts out.
        shortcut: what the branch is added to; None: the input itself.
        after: acts on the sum; None: nothing.
    """

    def __init__(
        self,
        branch: nn.Sequential,
        shortcut: nn.Module | None = None,
        after: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.shortcut = shortcut or nn.Identity()
        self.branch = branch
        self.after = after or nn.Identity()

    def forward(self, x: torch.Tensor, *context: torch.Tensor | None) -> torch.Tensor:
        """Return the sum; ``context`` is for the branch alone (a batch's lengths)."""
        total: torch.Tensor = self.after(self.shortcut(x) + self.branch(x, *context))
        return total


def residuals(model: nn.Module) -> list[tuple[str, Residual]]:
    """Return the named residual blocks of ``model`` from input to output."""
    return [(name, part) for name, part in model.named_modules() if isinstance(part, Residual)]
