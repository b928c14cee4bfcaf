"""What each trick of a recipe acts on in a job; a trick that acts on nothing is an error."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from trickrun.errors import CompileError
from trickrun.models.python import PythonModel
from trickrun.nn.dropout import (
    DropConnectLinear,
    KeyedChannelDropout,
    KeyedDropout,
    KeyedPathDropout,
)
from trickrun.nn.norms import ChannelRMSNorm
from trickrun.recipe.schema import Recipe
from trickrun.training.job import BoundPenalty
from trickrun.training.regularization import bounded_weights
from trickrun.tricks.ledger import LedgerEntry, counted
from trickrun.tricks.losses import Loss
from trickrun.tricks.normalization.spectral import Spectral
from trickrun.tricks.normalization.weight import Weight
from trickrun.tricks.schedules._schedule import Span

NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    ChannelRMSNorm,
)


LAYERS: dict[str, type[nn.Module]] = {
    "dropout": KeyedDropout,
    "spatial_dropout": KeyedChannelDropout,
    "dropconnect": DropConnectLinear,
    "stochastic_depth": KeyedPathDropout,
}
"""The regularizers that are layers of a model."""


def ledger_of(
    recipe: Recipe,
    done: Sequence[LedgerEntry],
    model: nn.Module,
    loss: Loss,
    penalties: tuple[BoundPenalty, ...],
    batch_size: int,
    span: Span,
) -> tuple[LedgerEntry, ...]:
    """Return the whole ledger of a job.

    Args:
        done: the lines of what was done to the weights, which only those who did it know.

    Raises CompileError if a trick that is on acts on nothing.
    """
    ledger = (
        *done,
        *recipe.optimizer.ledger_entries(model),
        *model_entries(recipe, model),
        *regularizer_entries(recipe, penalties, loss),
        *step_entries(recipe, model),
        *augmentation_entries(recipe),
        *train_entries(recipe, model, batch_size, span),
    )
    check_entries(ledger)
    return ledger


def model_entries(recipe: Recipe, model: nn.Module) -> list[LedgerEntry]:
    """Return the ledger lines of the tricks that are layers of a built-in model.

    A python model builds its own layers, so there these tricks touch nothing.
    """
    entries = []
    own = isinstance(recipe.model, PythonModel)
    if recipe.normalization.kind_name != "none":
        kind = recipe.normalization.kind_name
        if isinstance(recipe.normalization, Weight | Spectral):
            count = sum(is_parametrized(m, "weight") for m in model.modules())
            what = f"the weights of {counted(count, 'layer')}"
        else:
            count = 0 if own else sum(isinstance(m, NORMS) for m in model.modules())
            what = counted(count, "layer")
        entries.append(LedgerEntry("normalization", kind, what, count))
    return entries + layer_entries(recipe, model)


def layer_entries(recipe: Recipe, model: nn.Module) -> list[LedgerEntry]:
    """Return the ledger lines of the regularizers that are layers of a built-in model.

    A python model builds its own layers, so there these tricks touch nothing.
    """
    entries = []
    own = isinstance(recipe.model, PythonModel)
    for name, kind in LAYERS.items():
        trick = getattr(recipe.regularizers, name)
        if trick is not None:
            count = 0 if own else sum(type(m) is kind for m in model.modules())
            what = "off" if trick.off else counted(count, "layer")
            entries.append(LedgerEntry("regularizers", name, what, count, trick.off))
    return entries


def regularizer_entries(
    recipe: Recipe, penalties: tuple[BoundPenalty, ...], loss: Loss
) -> list[LedgerEntry]:
    """Return the ledger lines of penalties and label smoothing."""
    entries = [
        LedgerEntry("regularizers", penalty.kind_name, "off", 0, off=True)
        for penalty in recipe.regularizers.penalties
        if penalty.off
    ]
    entries += [
        LedgerEntry(
            "regularizers",
            bound.penalty.kind_name,
            counted(len(bound.parameters), "parameter"),
            len(bound.parameters),
        )
        for bound in penalties
    ]
    smoothing = recipe.regularizers.label_smoothing
    if smoothing is not None:
        count = int(loss.takes_label_smoothing)
        what = "off" if smoothing.off else f"the targets of {loss.kind_name}"
        entries.append(LedgerEntry("regularizers", "label_smoothing", what, count, smoothing.off))
    return entries


def step_entries(recipe: Recipe, model: nn.Module) -> list[LedgerEntry]:
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
        LedgerEntry("regularizers", trick.kind_name, "off" if trick.off else what, count, trick.off)
        for trick, what, count in acts_on
        if trick is not None
    ]


def augmentation_entries(recipe: Recipe) -> list[LedgerEntry]:
    """Return the ledger lines of the augmentations."""
    return [
        LedgerEntry(
            "augmentation",
            augmentation.kind_name,
            "off" if augmentation.off else f"{augmentation.stage} training batches",
            int(not augmentation.off),
            augmentation.off,
        )
        for augmentation in recipe.augmentation
    ]


def train_entries(
    recipe: Recipe, model: nn.Module, batch_size: int, span: Span
) -> list[LedgerEntry]:
    """Return the ledger's lines of what the train section does to batches and layers."""
    train, entries = recipe.train, []
    if train.accumulate is not None:
        count = train.accumulate.batches
        entries.append(
            LedgerEntry("train", "accumulate", f"{count} batches a step", count, count == 1)
        )
    if train.batch_ramp is not None:
        entries.append(train.batch_ramp.ledger_entry(batch_size))
    if train.gradual_unfreezing is not None:
        entries.append(train.gradual_unfreezing.ledger_entry(model, span))
    return entries


def check_entries(entries: Sequence[LedgerEntry]) -> None:
    """Raise CompileError for tricks that are on and found nothing to act on."""
    idle = [entry for entry in entries if entry.count == 0 and not entry.off]
    if idle:
        names = ", ".join(f"{entry.section}: {entry.trick}" for entry in idle)
        raise CompileError(
            f"declared, but nothing in this job for it to act on: {names}",
            idle[0].section,
            "take it out of the recipe, or change the model so that it has a place",
        )
