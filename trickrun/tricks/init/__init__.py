"""The init schemes that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.init._init import INITS, AnyInit, GainInit, Init

__all__ = ["INITS", "AnyInit", "GainInit", "Init"]
