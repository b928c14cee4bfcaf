"""The models that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.models.base import Model
from trickrun.models.mlp import MLP

AnyModel = Annotated[MLP, Field(discriminator="kind")]

__all__ = ["MLP", "AnyModel", "Model"]
