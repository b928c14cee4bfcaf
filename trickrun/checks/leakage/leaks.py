"""All that a table's columns give away."""

from __future__ import annotations

from trickrun.checks.leakage.groups import grouping
from trickrun.checks.leakage.table import as_table
from trickrun.checks.leakage.telltales import telltales
from trickrun.checks.leakage.times import time_column
from trickrun.data.splits.prepare import Prepared
from trickrun.findings.evidence.leaks import Leaks


def leaks(data: Prepared) -> Leaks:
    """Return what the columns of a table with names give away; of other data nothing."""
    table = as_table(data)
    if table is None:
        return Leaks()
    inputs = len(table.inputs)
    return Leaks(inputs, telltales(table), time_column(table), grouping(table))
