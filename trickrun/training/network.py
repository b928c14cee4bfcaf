"""From a recipe and its data to the network: built, tried, and its init fitted to the data."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared
from trickrun.errors import CompileError
from trickrun.models import NetworkSpec, TableColumns, Tokens
from trickrun.nn.precision import has_float64
from trickrun.nn.rng import LayerStreams, generator
from trickrun.recipe.schema import Recipe
from trickrun.training.device import channels_last
from trickrun.training.initialize import initialize
from trickrun.training.memory import check_memory
from trickrun.training.regularization import insert_layers
from trickrun.training.transfer import learned_before, new_layers
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.losses import Loss


def build_network(
    recipe: Recipe,
    folder: Path,
    data: Prepared,
    loss: Loss,
    dtype: torch.dtype,
    streams: LayerStreams,
) -> tuple[nn.Module, list[LedgerEntry]]:
    """Return the network on the device of ``streams``, with its weights as training begins; and
    the ledger's lines of what was done to them.

    Raises CompileError if it cannot take inputs of ``data``, or its outputs do not fit ``loss``.
    """
    outputs = loss.outputs(data.task)
    model = build_model(recipe, folder, data, outputs, streams, dtype)
    insert_layers(recipe, model, streams)
    own = recipe.model.is_user_code
    done = initialize(new_layers(model), recipe.init, recipe.seed, leave_as_built=own)
    recipe.normalization.normalize_weights(model, recipe.seed)
    model.to(streams.device, dtype)
    if channels_last(recipe, torch.device(streams.device)):
        nn.utils.convert_conv2d_weight_memory_format(model, torch.channels_last)
    check_output(model, data, dtype, outputs)
    done += fit_init_to_data(recipe, model, data, loss)
    done += learned_before(recipe, model, folder, data.task)
    return model, done


def build_model(
    recipe: Recipe,
    folder: Path,
    data: Prepared,
    outputs: int,
    streams: LayerStreams,
    dtype: torch.dtype,
) -> nn.Module:
    """Return the network from inputs of ``data`` to ``outputs``, with its tricks' layers in place.

    Raises CompileError if it cannot take such inputs, or training it takes more memory than there
    is.
    """
    task = data.task
    spec = NetworkSpec(
        folder=folder,
        seed=recipe.seed,
        inputs=data.shape,
        outputs=outputs,
        normalization=recipe.normalization,
        regularizers=recipe.regularizers,
        streams=streams,
        tokens=Tokens(len(task.vocabulary), task.next_token) if task.vocabulary else None,
        columns=columns_of(data, dtype),
    )
    check_memory(recipe, spec, len(data.train))
    return recipe.model.network(spec)


def columns_of(data: Prepared, dtype: torch.dtype) -> TableColumns | None:
    """Return what a model must know of a table's columns; None where ``data`` is no table."""
    if len(data.shape) != 1 or data.task.vocabulary or data.streamed:
        return None
    return TableColumns(
        data.task.rows or (0,) * data.shape[0],
        lambda: data.inputs(data.train.x, dtype),
        data.encoded,
    )


def check_output(model: nn.Module, data: Prepared, dtype: torch.dtype, outputs: int) -> None:
    """Raise CompileError unless the model maps two training samples to [2, outputs], or to
    [2, T, outputs] if each place asks for the next token."""
    x = data.inputs(data.train.x[:2], dtype)
    model.eval()
    try:
        with torch.no_grad():
            prediction = model(x)
    except Exception as error:  # whatever a user's forward may raise
        raise CompileError(
            f"the model cannot take inputs of shape {list(data.shape)}: {error}",
            "model",
            "make its first layer fit the data, or choose another model kind",
        ) from error
    shape = list(prediction.shape) if isinstance(prediction, torch.Tensor) else type(prediction)
    wanted = [*(x.shape if data.task.next_token else x.shape[:1]), outputs]
    if shape != wanted:
        raise CompileError(
            f"for {len(x)} samples the model returns {shape}, the loss needs {wanted}",
            "model",
            f"end it with a layer of {outputs} outputs",
        )


def fit_init_to_data(
    recipe: Recipe, model: nn.Module, data: Prepared, loss: Loss
) -> list[LedgerEntry]:
    """Let the init correct ``model`` by the training split, in place; return the ledger's lines."""
    init = recipe.init
    dtype = next(model.parameters()).dtype

    def draw(count: int) -> torch.Tensor:
        order = torch.randperm(len(data.train), generator=generator(recipe.seed, "init", "samples"))
        return data.inputs(data.train.x[order[:count].to(data.train.x.device)], dtype)

    init.calibrate(model, draw)
    if init.head_bias is None:
        return []
    smoothing = recipe.regularizers.label_smoothing
    epsilon = smoothing.epsilon if smoothing else 0.0
    train = data.train if has_float64(data.train.y.device) else data.train.to(torch.device("cpu"))
    constant = init.head_bias.constant(loss, data.task, train.y, epsilon, train.weight())
    return [init.head_bias.apply(model, constant, recipe.model.output_activation)]
