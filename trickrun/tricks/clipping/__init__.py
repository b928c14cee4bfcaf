"""Gradient clipping, part of the optimizer section."""

from trickrun.tricks.clipping.clip import Clip

__all__ = ["Clip"]
