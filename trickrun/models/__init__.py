"""The models that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.models.base import Blocks, Model
from trickrun.models.cnn import CNN
from trickrun.models.mlp import MLP
from trickrun.models.python import PythonModel
from trickrun.models.resnet import ResNet
from trickrun.models.vgg import VGG

AnyModel = Annotated[MLP | CNN | ResNet | VGG | PythonModel, Field(discriminator="kind")]

__all__ = ["CNN", "MLP", "VGG", "AnyModel", "Blocks", "Model", "PythonModel", "ResNet"]
