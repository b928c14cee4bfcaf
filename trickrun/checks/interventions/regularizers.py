"""The regularizers of a recipe, each to be put back alone, or weaker."""

from __future__ import annotations

from typing import Any

from trickrun.checks.interventions.parts import Regularizer
from trickrun.recipe.load import Loaded
from trickrun.tricks.regularizers._penalty import Penalty
from trickrun.tricks.regularizers.dropconnect import DropConnect
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.label_smoothing import LabelSmoothing
from trickrun.tricks.regularizers.spatial_dropout import SpatialDropout

USUAL_DROPOUT = 0.3
USUAL_SMOOTHING = 0.1
WEAKER = 0.01


def declared(loaded: Loaded) -> list[Regularizer]:
    """Return the recipe's regularizers, augmentations and weight decay that are not off."""
    found = []
    for name in type(loaded.recipe.regularizers).model_fields:
        trick = getattr(loaded.recipe.regularizers, name)
        if trick is not None and not trick.off:
            found.append(regularizer(loaded, name, trick))
    for index, trick in enumerate(loaded.recipe.augmentation):
        if not trick.off:
            back = {"augmentation": [loaded.tree["augmentation"][index]]}
            path = f"augmentation.{index}"
            found.append(Regularizer(path, back, {path: None}, None, "TR18"))
    path, decay = "optimizer.weight_decay", getattr(loaded.recipe.optimizer, "weight_decay", 0.0)
    if decay:
        less = float(f"{decay * WEAKER:.6g}")
        found.append(Regularizer(path, {path: decay}, {path: less}, {path: less}, "TR50"))
    return found


def beside_loss(loaded: Loaded) -> list[str]:
    """Return the recipe paths of the regularizers that are no term of the loss."""
    recipe = loaded.recipe
    found = [
        f"regularizers.{name}"
        for name in type(recipe.regularizers).model_fields
        if not isinstance(getattr(recipe.regularizers, name), Penalty | LabelSmoothing | None)
    ]
    if recipe.augmentation:
        found.append("augmentation")
    return found


def regularizer(loaded: Loaded, name: str, trick: Any) -> Regularizer:
    """Return the regularizer ``name``, with a usual strength where it has one."""
    path = f"regularizers.{name}"
    given = loaded.tree["regularizers"][name]
    usual: dict[str, float] = {}
    match trick:
        case Dropout() | SpatialDropout() | DropConnect() if trick.p > USUAL_DROPOUT:
            usual = {"p": USUAL_DROPOUT}
        case LabelSmoothing() if trick.epsilon > USUAL_SMOOTHING:
            usual = {"epsilon": USUAL_SMOOTHING}
        case Penalty():
            strength = trick.model_dump(by_alias=True)["lambda"]
            usual = {"lambda": float(f"{strength * WEAKER:.6g}")}
    code = "TR49" if isinstance(trick, Dropout) else "TR50"
    back = {path: given}
    if not usual:
        return Regularizer(path, back, {path: None}, None, code)
    edit: dict[str, float | None] = {f"{path}.{key}": value for key, value in usual.items()}
    return Regularizer(path, back, edit, {path: {**given, **usual}}, code)
