"""What each trick of a recipe acts on in a job; a trick that acts on nothing is an error."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from trickrun.errors import CompileError
from trickrun.job import BoundAugmentation, BoundPenalty
from trickrun.models.python import PythonModel
from trickrun.modules.rms_norm import ChannelRMSNorm
from trickrun.recipe.schema import Recipe
from trickrun.regularization import layer_touches, step_touches
from trickrun.streams import StepStream
from trickrun.tricks.ledger import Touch, counted
from trickrun.tricks.losses import Loss
from trickrun.tricks.normalization.spectral import Spectral
from trickrun.tricks.normalization.weight import Weight
from trickrun.tricks.regularizers._penalty import penalized

NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    ChannelRMSNorm,
)


def all_touches(
    recipe: Recipe, model: nn.Module, loss: Loss, penalties: tuple[BoundPenalty, ...]
) -> list[Touch]:
    """Return the ledger's lines for all tricks but the init, which writes its own.

    Raises CompileError if one that is on acts on nothing.
    """
    touches = [
        *model_touches(recipe, model),
        *regularizer_touches(recipe, penalties, loss),
        *step_touches(recipe, model),
        *augmentation_touches(recipe),
    ]
    check_touched(touches)
    return touches


def model_touches(recipe: Recipe, model: nn.Module) -> list[Touch]:
    """Return the ledger lines of the tricks that are layers of a built-in model.

    A python model builds its own layers, so there these tricks touch nothing.
    """
    touches = []
    own = isinstance(recipe.model, PythonModel)
    if recipe.normalization.kind_name != "none":
        kind = recipe.normalization.kind_name
        if isinstance(recipe.normalization, Weight | Spectral):
            count = sum(is_parametrized(m, "weight") for m in model.modules())
            what = f"the weights of {counted(count, 'layer')}"
        else:
            count = 0 if own else sum(isinstance(m, NORMS) for m in model.modules())
            what = counted(count, "layer")
        touches.append(Touch("normalization", kind, what, count))
    return touches + layer_touches(recipe, model)


def bind_penalties(recipe: Recipe, model: nn.Module) -> tuple[BoundPenalty, ...]:
    """Return each penalty of non-zero strength with the parameters that it acts on."""
    acting = [penalty for penalty in recipe.regularizers.penalties if not penalty.off]
    return tuple(BoundPenalty(penalty, penalized(model, penalty.on)) for penalty in acting)


def regularizer_touches(
    recipe: Recipe, penalties: tuple[BoundPenalty, ...], loss: Loss
) -> list[Touch]:
    """Return the ledger lines of penalties and label smoothing."""
    touches = [
        Touch("regularizers", penalty.kind_name, "off", 0, off=True)
        for penalty in recipe.regularizers.penalties
        if penalty.off
    ]
    touches += [
        Touch(
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
        touches.append(Touch("regularizers", "label_smoothing", what, count, smoothing.off))
    return touches


def bind_augmentations(
    recipe: Recipe,
    folder: Path,
    shape: tuple[int, ...],
    device: torch.device,
    tokens: bool = False,
) -> tuple[BoundAugmentation, ...]:
    """Return the augmentations of non-zero strength, each with a stream of its own; raise
    CompileError for one that cannot act on samples of this shape, or on ``tokens``."""
    bound = []
    repeats: Counter[str] = Counter()
    for index, augmentation in enumerate(recipe.augmentation):
        kind = augmentation.kind_name
        if tokens:
            augmentation.check_tokens(f"augmentation.{index}")
        else:
            augmentation.check(shape, f"augmentation.{index}")
        # Not by its place in the list: taking another one out must not change its draws.
        stream = StepStream(recipe.seed, f"augmentation.{kind}.{repeats[kind]}", device)
        repeats[kind] += 1
        if not augmentation.off:
            bound.append(BoundAugmentation(augmentation.stage, augmentation.build(folder), stream))
    return tuple(bound)


def augmentation_touches(recipe: Recipe) -> list[Touch]:
    """Return the ledger lines of the augmentations."""
    return [
        Touch(
            "augmentation",
            augmentation.kind_name,
            "off" if augmentation.off else f"{augmentation.stage} training batches",
            int(not augmentation.off),
            augmentation.off,
        )
        for augmentation in recipe.augmentation
    ]


def check_touched(touches: list[Touch]) -> None:
    """Raise CompileError for tricks that are on and found nothing to act on."""
    idle = [touch for touch in touches if touch.count == 0 and not touch.off]
    if idle:
        names = ", ".join(f"{touch.section}: {touch.trick}" for touch in idle)
        raise CompileError(
            f"declared, but nothing in this job for it to act on: {names}",
            idle[0].section,
            "take it out of the recipe, or change the model so that it has a place",
        )
