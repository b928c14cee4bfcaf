"""The models that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.models.base import Blocks, Model, Tokens
from trickrun.models.cnn import CNN
from trickrun.models.mlp import MLP
from trickrun.models.pretrained import Pretrained
from trickrun.models.python import PythonModel
from trickrun.models.recurrent import GRU, LSTM, RNN
from trickrun.models.resnet import ResNet
from trickrun.models.transformer import Transformer
from trickrun.models.vgg import VGG

AnyModel = Annotated[
    MLP | CNN | ResNet | VGG | RNN | LSTM | GRU | Transformer | Pretrained | PythonModel,
    Field(discriminator="kind"),
]

__all__ = [
    "CNN",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "VGG",
    "AnyModel",
    "Blocks",
    "Model",
    "Pretrained",
    "PythonModel",
    "ResNet",
    "Tokens",
    "Transformer",
]
