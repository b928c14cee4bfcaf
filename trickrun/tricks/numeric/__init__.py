"""The ways in which a network takes a table's numbers, a file each."""

from __future__ import annotations

from trickrun.tricks.numeric._numeric import NUMERICS, AnyNumeric, Numeric

__all__ = ["NUMERICS", "AnyNumeric", "Numeric"]
