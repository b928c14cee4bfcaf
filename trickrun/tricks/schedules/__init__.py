"""The learning rate schedules that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.tricks.schedules._schedule import SCHEDULES, AnySchedule, Schedule, Span, WarmedUp

__all__ = ["SCHEDULES", "AnySchedule", "Schedule", "Span", "WarmedUp"]
