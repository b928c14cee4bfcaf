"""What the ways to start residual branches share; they act after the scheme has filled them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from trickrun.findings.words import counted
from trickrun.params import KindFolder, Params
from trickrun.tricks.ledger import LedgerEntry

if TYPE_CHECKING:
    from torch import nn


class ResidualInit(Params):
    """A change of each residual branch's first weights."""

    def apply(self, model: nn.Module) -> LedgerEntry:
        """Change the filled ``model`` in place and return the ledger's line."""
        from trickrun.nn.layers import residuals

        branches = [block.branch for _, block in residuals(model)]
        count = sum(self.start(branch, len(branches)) for branch in branches)
        return LedgerEntry("init", self.kind_name, counted(count, "residual branch"), count)

    def start(self, branch: nn.Sequential, branches: int) -> bool:
        """Change one of ``branches`` residual branches in place; return whether it could."""
        raise NotImplementedError


RESIDUAL_INITS = KindFolder("trickrun.tricks.init.residual", "_residual_init.ResidualInit")

AnyResidualInit = Annotated[ResidualInit, RESIDUAL_INITS]
"""One of the ways to start residual branches, chosen by its kind."""
