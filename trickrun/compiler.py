"""From a recipe to a job, compiled afresh each time; a trick that acts on nothing is an error."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from trickrun.data.part import Part
from trickrun.data.prepare import Prepared, prepare
from trickrun.data.task import Task
from trickrun.errors import CompileError
from trickrun.garbage import collect_as_usual
from trickrun.job import Job
from trickrun.ledger import all_touches, bind_augmentations, bind_penalties, check_touched
from trickrun.models.python import PythonModel
from trickrun.network import build_model, check_output, fit_init_to_data
from trickrun.own_step import own_step
from trickrun.placement import (
    channels_last,
    compiled,
    loss_scaler,
    pick_device,
    set_determinism,
    set_threads,
    to_device,
)
from trickrun.recipe.schema import Recipe
from trickrun.regularization import bounded_weights, check_mixing, insert_layers, weight_average
from trickrun.streams import LayerStreams
from trickrun.transfer import check_parts, learned_before, new_layers
from trickrun.tricks.init.apply import initialize
from trickrun.tricks.ledger import Touch
from trickrun.tricks.losses import AutoLoss, Loss
from trickrun.tricks.metrics import MAE, R2, Accuracy, Metric, Perplexity
from trickrun.tricks.schedules import Plateau, Span
from trickrun.tricks.stopping import EarlyStopping
from trickrun.without_dynamo import suit

DTYPES = {"float64": torch.float64}


def compile_recipe(recipe: Recipe, folder: Path, data: Prepared | None = None) -> Job:
    """Return the job for ``recipe``.

    Args:
        folder: the recipe's folder.
        data: the prepared data set, if the caller has it already for this data section.

    Raises:
        DataError: the data is missing or broken.
        CompileError: parts do not fit together, or a trick finds nothing to act on.
    """
    collect_as_usual()
    suit(recipe)
    device = pick_device(recipe.train.device)
    set_determinism(recipe, device)
    dtype = DTYPES.get(recipe.train.precision, torch.float32)
    data = to_device(data or prepare(recipe.data, folder), device)
    loss_kind: Loss = recipe.loss
    if isinstance(loss_kind, AutoLoss):
        loss_kind = loss_kind.chosen(data.task)
    loss_kind.check(data.task)
    loss_kind.check_places(data.task)
    outputs = loss_kind.outputs(data.task)

    check_mixing(recipe, data)
    check_parts(recipe)
    check_sampling(recipe, data.task)

    streams = LayerStreams(recipe.seed, device)
    model = build_model(recipe, folder, data, outputs, streams)
    insert_layers(recipe, model, streams)
    own = isinstance(recipe.model, PythonModel)
    touches = initialize(new_layers(model), recipe.init, recipe.seed, leave_as_built=own)
    recipe.normalization.normalize_weights(model, recipe.seed)
    model.to(device, dtype)
    if channels_last(recipe, device):
        nn.utils.convert_conv2d_weight_memory_format(model, torch.channels_last)
    check_output(model, data, dtype, outputs)
    touches += fit_init_to_data(recipe, model, data, loss_kind)
    touches += learned_before(recipe, model, folder, data.task)
    touches += recipe.optimizer.touches(model)
    check_touched(touches)
    penalties = bind_penalties(recipe, model)
    touches += all_touches(recipe, model, loss_kind, penalties)

    metrics = {
        metric.name: metric.build(data.task, folder) for metric in pick_metrics(recipe, data.task)
    }
    smoothing = recipe.regularizers.label_smoothing
    batch_size, span = batch_plan(recipe, len(data.train), model)
    touches += train_touches(recipe, model, batch_size, span)
    check_touched(touches)
    unfreezing = recipe.train.gradual_unfreezing
    if device.type == "cpu":
        set_threads(recipe, model, data.inputs(data.train.x[:2], dtype), batch_size)
    return Job(
        recipe=recipe,
        folder=folder,
        device=device,
        dtype=dtype,
        data=data,
        model=model,
        network=compiled(recipe, model),
        loss_kind=loss_kind,
        loss=loss_kind.build(data.task, folder, smoothing.epsilon if smoothing else 0.0),
        targets=prepare_targets(loss_kind, data, dtype),
        metrics=metrics,
        optimizer=recipe.optimizer.over(recipe.optimizer.groups(model), folder),
        scaler=loss_scaler(recipe, device),
        penalties=penalties,
        layers=unfreezing.layers(model) if unfreezing is not None else (),
        augmentations=bind_augmentations(
            recipe, folder, data.shape, device, bool(data.task.vocabulary)
        ),
        step=own_step(recipe, folder),
        streams=streams,
        bounded=bounded_weights(recipe, model),
        average=weight_average(recipe, model),
        stopping=pick_stopping(recipe, data, metrics),
        batch_size=batch_size,
        span=span,
        ledger=tuple(touches),
    )


def check_sampling(recipe: Recipe, task: Task) -> None:
    """Raise CompileError for balanced sampling of samples that have no class each."""
    if recipe.data.sampling == "balanced" and (task.kind != "classification" or task.next_token):
        raise CompileError(
            "only samples that have a class can be drawn equally often by class",
            "data.sampling",
            "set it to uniform",
        )


def train_touches(recipe: Recipe, model: nn.Module, batch_size: int, span: Span) -> list[Touch]:
    """Return the ledger's lines of what the train section does to batches and layers."""
    train, touches = recipe.train, []
    if train.accumulate is not None:
        count = train.accumulate.batches
        touches.append(Touch("train", "accumulate", f"{count} batches a step", count, count == 1))
    if train.batch_ramp is not None:
        touches.append(train.batch_ramp.touch(batch_size))
    if train.gradual_unfreezing is not None:
        touches.append(train.gradual_unfreezing.touch(model, span))
    return touches


def batch_plan(recipe: Recipe, samples: int, model: nn.Module) -> tuple[int, Span]:
    """Return the batch size and the length of the run in steps.

    Raises CompileError if a batch does not fit the data, or batch norm would see one sample.
    """
    data = recipe.data
    size = samples if data.batch_size == "full" else data.batch_size
    if size > samples:
        raise CompileError(
            f"a batch of {size} is larger than the training split of {samples} samples",
            "data.batch_size",
            f"set it to {samples} or less, or to full",
        )
    rest = samples % size
    if (rest == 1 and not data.drop_last) or size == 1:
        batch_norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        if batch_norms:
            raise CompileError(
                f"a batch of one sample ({samples} samples in batches of {size}) has no variance "
                "for batch norm",
                "data.batch_size",
                "choose another batch size, or set data.drop_last: true"
                if size > 1
                else "use normalization: group or layer",
            )
    together = size * recipe.train.batches_a_step
    if together > size and (size == samples or (data.drop_last and together > samples)):
        raise CompileError(
            f"{recipe.train.batches_a_step} batches of {size} are more than {samples} samples",
            "train.accumulate",
            "lower it, or make the batches smaller",
        )
    per_epoch = samples // together if data.drop_last else -(-samples // together)
    return size, Span(recipe.train.steps or recipe.train.epochs * per_epoch, per_epoch)


def prepare_targets(loss: Loss, data: Prepared, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return each split's targets as the loss wants them; float targets get the job's dtype."""

    def prepared(part: Part) -> torch.Tensor:
        target = loss.prepare(part.y, data.task)
        return target.to(dtype) if target.is_floating_point() else target

    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {name: prepared(part) for name, part in parts.items() if part is not None}


def pick_metrics(recipe: Recipe, task: Task) -> tuple[Metric, ...]:
    """Return the recipe's metrics, or the task's usual ones; CompileError for an unfit one."""
    if recipe.metrics is None:
        if task.next_token:
            return (Accuracy(), Perplexity())
        return (Accuracy(),) if task.kind == "classification" else (MAE(), R2())
    for metric in recipe.metrics:
        metric.check(task)
    return recipe.metrics


def pick_stopping(recipe: Recipe, data: Prepared, metrics: Iterable[str]) -> EarlyStopping:
    """Return what the best evaluation is: the recipe's early_stopping, or the lowest loss.

    Raises CompileError if early_stopping or plateau monitors a value that no evaluation has.
    """
    values = ["train_loss"]
    if data.val is not None:
        values += ["val_loss", *(f"val_{name}" for name in metrics)]
    if isinstance(recipe.optimizer.schedule, Plateau):
        recipe.optimizer.schedule.check(values, "optimizer.schedule")
    if recipe.early_stopping is None:
        return EarlyStopping(monitor="val_loss" if data.val is not None else "train_loss")
    recipe.early_stopping.check(values, "early_stopping")
    return recipe.early_stopping
