"""The models that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.models.base import Blocks, Model
from trickrun.models.cnn import CNN
from trickrun.models.mlp import MLP
from trickrun.models.python import PythonModel

AnyModel = Annotated[MLP | CNN | PythonModel, Field(discriminator="kind")]

__all__ = ["CNN", "MLP", "AnyModel", "Blocks", "Model", "PythonModel"]
