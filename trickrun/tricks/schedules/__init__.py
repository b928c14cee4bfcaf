"""The learning rate schedules that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.tricks.schedules.base import Schedule, Span
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.schedules.cosine import Cosine

AnySchedule = Annotated[Constant | Cosine, Field(discriminator="kind")]

__all__ = ["AnySchedule", "Constant", "Cosine", "Schedule", "Span"]
