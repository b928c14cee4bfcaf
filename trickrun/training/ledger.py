"""What each trick of a recipe acts on in a job; a trick that acts on nothing is an error."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.losses import Loss
from trickrun.tricks.schedules._schedule import Span


def ledger_of(
    recipe: Recipe,
    done: Sequence[LedgerEntry],
    model: nn.Module,
    loss: Loss,
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
        *normalization_entries(recipe, model),
        *regularizer_entries(recipe, model, loss),
        *augmentation_entries(recipe),
        *train_entries(recipe, model, batch_size, span),
    )
    check_entries(ledger)
    return ledger


def normalization_entries(recipe: Recipe, model: nn.Module) -> list[LedgerEntry]:
    """Return the ledger line of the normalization, if the recipe has one."""
    trick = recipe.normalization
    if trick.kind_name == "none":
        return []
    count = trick.places(model)
    return [LedgerEntry("normalization", trick.kind_name, trick.places_in_words(count), count)]


def regularizer_entries(recipe: Recipe, model: nn.Module, loss: Loss) -> list[LedgerEntry]:
    """Return the ledger line of each declared regularizer."""
    own = recipe.model.is_user_code
    return [trick.ledger_entry(model, loss, own) for trick in recipe.regularizers.in_order]


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
            LedgerEntry("train", "accumulate", f"{count} batches per step", count, count == 1)
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
            f"in the recipe, but it acts on nothing in this job: {names}",
            idle[0].section,
            "remove it from the recipe, or change the model so that it can act",
        )
