"""The regularizers that are no terms of the loss: where they act in a model, and the ledger."""

from __future__ import annotations

import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared
from trickrun.errors import CompileError
from trickrun.models.python import PythonModel
from trickrun.modules.averaging import WeightAverage
from trickrun.modules.dropconnect import DropConnectLinear
from trickrun.modules.dropout import KeyedChannelDropout, KeyedDropout, KeyedPathDropout
from trickrun.recipe.schema import Recipe
from trickrun.streams import LayerStreams
from trickrun.tricks.ledger import Touch, counted

LAYERS: dict[str, type[nn.Module]] = {
    "dropout": KeyedDropout,
    "spatial_dropout": KeyedChannelDropout,
    "dropconnect": DropConnectLinear,
    "stochastic_depth": KeyedPathDropout,
}
"""The regularizers that are layers of a model."""


def insert_layers(recipe: Recipe, model: nn.Module, streams: LayerStreams) -> None:
    """Put into a built-in model the regularizers that its own construction does not place."""
    if isinstance(recipe.model, PythonModel):
        return
    for trick in (recipe.regularizers.dropconnect, recipe.regularizers.stochastic_depth):
        if trick is not None and not trick.off:
            trick.insert(model, streams)


def check_mixing(recipe: Recipe, data: Prepared) -> None:
    """Raise CompileError for a trick that cannot mix samples such as these."""
    shape = list(data.shape)
    for trick in recipe.regularizers.mixing:
        where = f"regularizers.{trick.kind_name}"
        if data.task.vocabulary:
            raise CompileError("tokens cannot be mixed", where, "use label_smoothing or dropout")
        if trick.needs_image and len(shape) != 3:
            message = f"{trick.kind_name} needs images, the data has inputs of shape {shape}"
            raise CompileError(message, where, "for tables use mixup")


def bounded_weights(recipe: Recipe, model: nn.Module) -> list[torch.Tensor]:
    """Return the weights that max_norm acts on."""
    bound = recipe.regularizers.max_norm
    return [] if bound is None else bound.constrained(model)


def weight_average(recipe: Recipe, model: nn.Module) -> WeightAverage | None:
    """Return the average of the weights of ``model`` that the recipe asks for, if it does.

    Raises CompileError for a user's model that cannot be copied.
    """
    averaging = recipe.regularizers.averaging
    if averaging is None:
        return None
    try:
        return WeightAverage(model)
    except Exception as error:  # whatever a user's module holds
        raise CompileError(
            f"the model cannot be copied, so nothing can hold the average: {error}",
            f"regularizers.{averaging.kind_name}",
            "keep only parameters, buffers and plain values in the module",
        ) from error


def layer_touches(recipe: Recipe, model: nn.Module) -> list[Touch]:
    """Return the ledger lines of the regularizers that are layers of a built-in model.

    A python model builds its own layers, so there these tricks touch nothing.
    """
    touches = []
    own = isinstance(recipe.model, PythonModel)
    for name, kind in LAYERS.items():
        trick = getattr(recipe.regularizers, name)
        if trick is not None:
            count = 0 if own else sum(type(m) is kind for m in model.modules())
            what = "off" if trick.off else counted(count, "layer")
            touches.append(Touch("regularizers", name, what, count, trick.off))
    return touches


def step_touches(recipe: Recipe, model: nn.Module) -> list[Touch]:
    """Return the ledger lines of the regularizers that change the training step."""
    regularizers = recipe.regularizers
    trained = sum(p.requires_grad for p in model.parameters())
    bounded = len(bounded_weights(recipe, model))
    acts_on = (
        (regularizers.mixup, "training batches", 1),
        (regularizers.cutmix, "training batches", 1),
        (regularizers.gradient_noise, counted(trained, "gradient"), trained),
        (regularizers.sam, counted(trained, "parameter"), trained),
        (regularizers.max_norm, f"the weights of {counted(bounded, 'layer')}", bounded),
        (regularizers.ema, counted(trained, "parameter"), trained),
        (regularizers.swa, counted(trained, "parameter"), trained),
    )
    return [
        Touch("regularizers", trick.kind_name, "off" if trick.off else what, count, trick.off)
        for trick, what, count in acts_on
        if trick is not None
    ]
