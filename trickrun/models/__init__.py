"""The models that a recipe can name, a file each."""

from __future__ import annotations

from trickrun.models._model import (
    MODELS,
    AnyModel,
    Blocks,
    BuiltinModel,
    InitFrom,
    Model,
    NetworkSpec,
    TableColumns,
    Tokens,
)

__all__ = [
    "MODELS",
    "AnyModel",
    "Blocks",
    "BuiltinModel",
    "InitFrom",
    "Model",
    "NetworkSpec",
    "TableColumns",
    "Tokens",
]
