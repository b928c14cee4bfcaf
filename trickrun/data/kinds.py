"""The data kinds that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.data.digits import Digits

AnyData = Annotated[Digits, Field(discriminator="kind")]
