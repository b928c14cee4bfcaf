"""What tells the rows of a table apart: what their cells say, in whatever order columns stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.cells import Cells, is_missing, number
from trickrun.data.formats.table import Table

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trickrun.data.splits.kept import KeptSplit

    Array = np.ndarray[Any, Any]

NOTHING = 0x7FF8000000000001
"""What stands for a missing cell: a NaN, so no number."""


def row_keys(table: Table, names: Sequence[str]) -> torch.Tensor:
    """Return the key [N] of each row's cells in the columns ``names``.

    A cell is a number by its value, else its text; nothing that a recipe makes of it counts. A
    row's key is a sum of one scrambled number a cell, so that the columns' order does not count.
    """
    import numpy as np
    import torch

    keys = np.zeros(len(table), dtype=np.uint64)
    for name in names:
        seed = np.uint64(hashed(name.encode()))
        keys += scrambled(codes(table.columns[name]) + seed)
    return torch.from_numpy(scrambled(keys).view(np.int64))


def codes(cells: Cells) -> Array:
    """Return what each cell says as a number, uint64 [N]: of numbers the bits of their float64."""
    import numpy as np

    cells = cells.as_read or cells
    if cells.numbers is not None:
        found = cells.numbers + 0.0  # -0 is 0
        bits = found.view(np.uint64)
        bits[np.isnan(found)] = NOTHING
        return bits
    texts, places = cells.distinct
    each = np.fromiter(map(code, texts), dtype=np.uint64, count=len(texts))
    return each[places]


def code(text: str) -> int:
    """Return what a cell says as a number, as ``codes`` does."""
    import numpy as np

    if is_missing(text):
        return NOTHING
    value = number(text)
    if value is not None:
        return int(np.float64(value + 0.0).view(np.uint64))
    return hashed(text.encode())


def hashed(content: bytes) -> int:
    """Return 64 bits of a hash."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def scrambled(values: Array) -> Array:
    """Return a permutation of uint64 in which near numbers are far apart.

    Steele et al. 2014, Fast Splittable Pseudorandom Number Generators (its mix64).
    """
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Array = values ^ (values >> np.uint64(31))
    return found


def known_keys(table: Table, kept: KeptSplit) -> torch.Tensor | None:
    """Return the key [N] of each row, made as a run's; None if the table lacks a column for it."""
    there = all(name in table.columns for name in kept.columns)
    return row_keys(table, kept.columns) if there else None
