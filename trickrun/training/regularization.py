"""Regularizers and augmentations, bound to the model and the data that they act on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import Task
from trickrun.data.splits.unknown import SHARE, unknown_cells
from trickrun.errors import CompileError
from trickrun.findings.words import counted
from trickrun.nn.averaging import WeightAverage
from trickrun.nn.rng import LayerStreams, StepStream
from trickrun.recipe.schema import Recipe
from trickrun.training.job import BoundAugmentation, BoundConstraint, BoundPenalty
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.regularizers._penalty import penalized


def insert_layers(recipe: Recipe, model: nn.Module, streams: LayerStreams) -> None:
    """Put into a built-in model the regularizers that its own construction does not place."""
    if recipe.model.is_user_code:
        return
    for trick in recipe.regularizers.in_order:
        if not trick.off:
            trick.insert(model, streams)


def check_mixing(recipe: Recipe, data: Prepared) -> None:
    """Raise CompileError for a trick that cannot mix samples such as these."""
    shape = list(data.shape)
    for trick in recipe.regularizers.mixing:
        where = f"regularizers.{trick.kind_name}"
        if data.task.vocabulary:
            raise CompileError("tokens cannot be mixed", where, "use label_smoothing or dropout")
        if data.task.rows:
            raise CompileError(
                "the numbers of categories cannot be mixed",
                where,
                "set data.categories: one_hot, or use label_smoothing or dropout",
            )
        if trick.needs_image and len(shape) != 3:
            message = f"{trick.kind_name} needs images, the data has inputs of shape {shape}"
            raise CompileError(message, where, "for tables use mixup")


def bind_constraints(recipe: Recipe, model: nn.Module) -> tuple[BoundConstraint, ...]:
    """Return each bound on the weights of non-zero strength with those that it acts on."""
    acting = recipe.regularizers.constraints
    return tuple(BoundConstraint(bound, bound.constrained(model)) for bound in acting)


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


def bind_penalties(recipe: Recipe, model: nn.Module) -> tuple[BoundPenalty, ...]:
    """Return each penalty of non-zero strength with the parameters that it acts on."""
    acting = [penalty for penalty in recipe.regularizers.penalties if not penalty.off]
    return tuple(BoundPenalty(penalty, penalized(model, penalty.on)) for penalty in acting)


def bind_augmentations(
    recipe: Recipe,
    folder: Path,
    shape: tuple[int, ...],
    device: torch.device,
    task: Task | None = None,
) -> tuple[BoundAugmentation, ...]:
    """Return the augmentations of non-zero strength, each with a stream of its own; raise
    CompileError for one that cannot act on samples of this shape, or of this task: on tokens, or
    the numbers of categories."""
    bound = []
    repeats: Counter[str] = Counter()
    for index, augmentation in enumerate(recipe.augmentation):
        kind = augmentation.kind_name
        if task is not None and task.vocabulary:
            augmentation.check_tokens(f"augmentation.{index}")
        elif task is not None and task.rows:
            augmentation.check_categories(f"augmentation.{index}")
        else:
            augmentation.check(shape, f"augmentation.{index}")
        # Not by its place in the list: taking another one out must not change its draws.
        stream = StepStream(recipe.seed, f"augmentation.{kind}.{repeats[kind]}", device)
        repeats[kind] += 1
        if not augmentation.off:
            bound.append(BoundAugmentation(augmentation.stage, augmentation.build(folder), stream))
    return tuple(bound)


def bind_unknown(
    recipe: Recipe, data: Prepared, device: torch.device
) -> tuple[tuple[BoundAugmentation, ...], list[LedgerEntry]]:
    """Return what makes cells of categories unknown in training, if something does, and the
    ledger's lines of it."""
    change = unknown_cells(data)
    if change is None:
        return (), []
    stream = StepStream(recipe.seed, "data.unseen", device)
    count = len(change.places)
    what = f"cells of {counted(count, 'column')} become unknown in training, up to {SHARE:.0%}"
    entry = LedgerEntry("data", "unseen", what, count)
    return (BoundAugmentation("normalized", change, stream),), [entry]
