"""From a recipe to a job, compiled afresh each time; a trick that acts on nothing is an error."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from torch import nn

from trickrun.data.splits.prepare import Prepared, prepare_run
from trickrun.data.splits.source import Task
from trickrun.errors import CompileError, NothingToTrain
from trickrun.models.python import PythonModel
from trickrun.nn.rng import LayerStreams
from trickrun.params import PythonTarget
from trickrun.recipe.schema import Recipe
from trickrun.training.device import (
    check_threads,
    compiled,
    loss_scaler,
    measured_on,
    pick_device,
    set_determinism,
    set_threads,
    to_device,
    training_type,
)
from trickrun.training.garbage import collect_as_usual
from trickrun.training.job import RecipeJob, loss_function, prepare_targets
from trickrun.training.ledger import ledger_of
from trickrun.training.network import build_network
from trickrun.training.regularization import (
    bind_augmentations,
    bind_constraints,
    bind_penalties,
    bind_unknown,
    check_mixing,
    weight_average,
)
from trickrun.training.settings import HALF, TrainingSettings
from trickrun.training.spans import timed
from trickrun.training.transfer import check_parts
from trickrun.training.user_step import user_step
from trickrun.training.without_dynamo import suit
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.metrics import Metric, usual_metrics
from trickrun.tricks.schedules import Span
from trickrun.tricks.train.early_stopping import EarlyStopping


@timed("compiling")
def compile_recipe(recipe: Recipe, folder: Path, data: Prepared | None = None) -> RecipeJob:
    """Return the job for ``recipe``.

    Args:
        folder: the recipe's folder.
        data: the prepared data set, if the caller has it already for this data section; None: it
            is prepared for a run, which keeps its split.

    Raises:
        DataError: the data is missing or broken.
        CompileError: parts do not fit together, or a trick finds nothing to act on.
    """
    collect_as_usual()
    suit(recipe)
    check_threads(recipe)
    device = pick_device(recipe.train.device, recipe.train.precision)
    set_determinism(recipe, device)
    dtype = training_type(recipe)

    # Build: data, loss, model, optimizer.
    with timed("data"):
        data = to_device(data or prepare_run(recipe.data, folder, dtype=dtype), device)
    loss_kind = pick_loss(recipe, data.task)
    check_parts_fit(recipe, data)
    streams = LayerStreams(recipe.seed, device)
    model, done = build_network(recipe, folder, data, loss_kind, dtype, streams)
    check_trainable(recipe, model)
    optimizer = recipe.optimizer.over(recipe.optimizer.groups(model), folder)
    batch_size, span = batch_plan(recipe, len(data.train), model)

    settings = settings_of(recipe)

    # Bind: what acts while it trains, to what it acts on.
    penalties = bind_penalties(recipe, model)
    constraints = bind_constraints(recipe, model)
    augmentations = bind_augmentations(recipe, folder, data.shape, device, data.task)
    unknown, learned = bind_unknown(recipe, data, device)
    metrics = {
        metric.name: metric.build(data.task, folder) for metric in pick_metrics(recipe, data.task)
    }
    stopping = pick_stopping(recipe, data, metrics)

    # Check: each trick has found something to act on.
    ledger = ledger_of(recipe, [*done, *learned], model, loss_kind, batch_size, span)

    if device.type == "cpu":
        set_threads(recipe, model, data.inputs(data.train.x[:2], dtype), batch_size)
    return RecipeJob(
        recipe=recipe,
        settings=settings,
        folder=folder,
        device=device,
        dtype=dtype,
        data=data,
        model=model,
        network=compiled(recipe, model),
        loss_kind=loss_kind,
        loss=loss_function(loss_kind, data.train, data.task, folder, settings.label_smoothing),
        targets=prepare_targets(loss_kind, data, dtype),
        metrics=metrics,
        optimizer=optimizer,
        stopping=stopping,
        batch_size=batch_size,
        span=span,
        streams=streams,
        scaler=loss_scaler(recipe, device),
        penalties=penalties,
        layers=settings.unfreezing.layers(model) if settings.unfreezing is not None else (),
        step=user_step(recipe, folder),
        augmentations=(*augmentations, *unknown),
        constraints=constraints,
        average=weight_average(recipe, model),
        ledger=ledger,
    )


def compile_to_measure(recipe: Recipe, folder: Path, data: Prepared | None = None) -> RecipeJob:
    """Return the job for ``recipe`` on a device that has float64; see ``compile_recipe``."""
    return compile_recipe(measured_on(recipe), folder, data)


def check_trainable(recipe: Recipe, model: nn.Module) -> None:
    """Raise NothingToTrain if no parameter of ``model`` asks for a gradient."""
    parameters = list(model.parameters())
    if any(parameter.requires_grad for parameter in parameters):
        return
    where = recipe.model.target if isinstance(recipe.model, PythonModel) else "model"
    if not parameters:
        raise NothingToTrain("the network has no parameters", where, "register them in the module")
    count = sum(parameter.numel() for parameter in parameters)
    raise NothingToTrain(
        f"none of the network's {count} parameters requires a gradient, so nothing can be trained",
        where,
        "look for requires_grad_(False) or requires_grad = False where the network is built",
    )


def settings_of(recipe: Recipe) -> TrainingSettings:
    """Return what the loop needs to know of ``recipe``."""
    data, train, regularizers = recipe.data, recipe.train, recipe.regularizers
    model, smoothing = recipe.model, regularizers.label_smoothing
    own = (model, recipe.loss, recipe.optimizer, train.step, *recipe.augmentation)
    return TrainingSettings(
        seed=recipe.seed,
        seeds_torch=any(isinstance(part, PythonTarget) for part in own),
        shuffle=data.shuffle,
        balanced=data.sampling == "balanced",
        batches_a_step=train.batches_a_step,
        batch_ramp=train.batch_ramp,
        unfreezing=train.gradual_unfreezing,
        schedule=recipe.optimizer.schedule,
        clip=recipe.optimizer.clip,
        label_smoothing=smoothing.epsilon if smoothing is not None else 0.0,
        mixing=regularizers.mixing,
        gradient_changes=regularizers.gradient_changes,
        climb=regularizers.climb,
        averaging=regularizers.averaging,
        half=HALF.get(train.precision),
        recalibrate=recipe.normalization.recalibrates,
        cache_frozen=model.caches_frozen,
        length="steps" if train.steps else "epochs",
        stops_early=recipe.early_stopping is not None,
        eval_every=train.eval_every,
        log_every=train.log_every,
        look_every=train.look_every,
        checkpoint=train.checkpoint.amount,
    )


def pick_loss(recipe: Recipe, task: Task) -> Loss:
    """Return the recipe's loss, or the task's usual one; CompileError if it cannot serve it."""
    kind: Loss = recipe.loss
    if isinstance(kind, AutoLoss):
        kind = kind.chosen(task)
    kind.check_labels(task)
    kind.check(task)
    kind.check_places(task)
    return kind


def check_parts_fit(recipe: Recipe, data: Prepared) -> None:
    """Raise CompileError for parts of which one makes no sense with another, or with the data."""
    check_mixing(recipe, data)
    check_parts(recipe)
    check_sampling(recipe, data.task)
    if data.weighted:
        check_weighting(recipe)


def check_sampling(recipe: Recipe, task: Task) -> None:
    """Raise CompileError for balanced sampling of samples that have no class each."""
    if recipe.data.sampling == "balanced" and (task.kind != "classification" or task.next_token):
        raise CompileError(
            "only samples that have a class can be drawn equally often by class",
            "data.sampling",
            "set it to uniform",
        )


def check_weighting(recipe: Recipe) -> None:
    """Raise CompileError for what does not go with samples that have weights."""
    if recipe.data.sampling == "balanced":
        raise CompileError(
            "samples with weights cannot be drawn equally often by class as well",
            "data.sampling",
            "set it to uniform; loss.class_weights: balanced works with weights",
        )
    own = {"train.step": recipe.train.step is not None}
    own["augmentation"] = any(isinstance(part, PythonTarget) for part in recipe.augmentation)
    for where, there in own.items():
        if there:
            raise CompileError(
                "your own code would have to pass the samples' weights through a batch",
                where,
                "remove it, or remove data.weight",
            )


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
    train = recipe.train
    return size, Span.of(samples, together, data.drop_last, train.epochs, train.steps)


def pick_metrics(recipe: Recipe, task: Task) -> tuple[Metric, ...]:
    """Return the recipe's metrics, or the task's usual ones; CompileError for an unfit one."""
    if recipe.metrics is None:
        return usual_metrics(task)
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
    watched = recipe.optimizer.schedule.watches
    if watched is not None:
        watched.check(values, "optimizer.schedule")
    if recipe.early_stopping is None:
        return EarlyStopping(monitor="val_loss" if data.val is not None else "train_loss")
    recipe.early_stopping.check(values, "early_stopping")
    return recipe.early_stopping
