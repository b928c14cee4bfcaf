"""What each trick did when a recipe became a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the ledger.

    Args:
        section: the recipe section, for example ``init`` or ``regularizers``.
        trick: the kind, for example ``kaiming_normal``.
        what: what it acted on, in words ("3 weights, 3 biases"), or why it is off.
        count: how many things it acted on; 0 is allowed only for a trick that is off.
        off: the recipe sets its strength to zero.
    """

    section: str
    trick: str
    what: str
    count: int
    off: bool = False
