"""The weight of each sample, from a column of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trickrun.data.formats.encode import numbers
from trickrun.data.formats.table import Table
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

NO_WEIGHT = (
    "write 0 for a sample that shall not count, remove such rows, or let the recipe do so with "
    "data.missing: drop; weights are never filled in"
)
"""The hint about a missing weight."""


def weights_in(table: Table, name: str) -> torch.Tensor:
    """Return the weights [N] in a column in float64, none below 0.

    Raises DataError that names line and column of a cell that is missing, negative, or no finite
    number; and one that names the column if all are 0.
    """
    import torch

    found = torch.tensor(numbers(table, name, if_missing=NO_WEIGHT))
    negative = (found < 0).nonzero().flatten()
    if len(negative):
        row = int(negative[0])
        message = f"the weight {table.columns[name][row]} is negative"
        raise table.error(row, name, message, "weights are 0 or more; 0 leaves a sample out")
    if not found.any():
        message = f"all {len(found)} weights in column {name!r} are 0"
        raise DataError(message, table.where, "give at least one sample a weight above 0")
    return found


def told_of_weights(parts: Mapping[str, torch.Tensor], name: str) -> str:
    """Return the note that samples are weighted.

    Args:
        parts: the weights of each part.
        name: of the column, or what else they come from.
    """
    import torch

    w = torch.cat([*parts.values()])
    zero = int((w == 0).sum())
    less = f"; {zero} of {len(w)} are 0" if zero else ""
    return (
        f"losses and metrics are weighted by {name!r}: {float(w.min()):g} to {float(w.max()):g}, "
        f"mean {float(w.mean()):.4g}{less}"
    )
