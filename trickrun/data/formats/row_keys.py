"""What tells the rows of a table apart: their cells as they are written, without blanks around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trickrun.data.formats.table import Table
from trickrun.data.splits.keys import APART, keys_of_bytes

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit


def row_keys(table: Table, names: Sequence[str]) -> torch.Tensor:
    """Return the key [N] of each row's cells in the columns ``names``.

    They do not depend on the order of the columns, nor on what is made of the cells.
    """
    columns = [table.columns[name] for name in sorted(names)]
    join = APART.decode().join
    return keys_of_bytes(join(row).encode() for row in zip(*columns, strict=True))


def known_keys(table: Table, kept: KeptSplit) -> torch.Tensor | None:
    """Return the key [N] of each row, made as a run's; None if the table lacks a column for it."""
    there = all(name in table.columns for name in kept.columns)
    return row_keys(table, kept.columns) if there else None
