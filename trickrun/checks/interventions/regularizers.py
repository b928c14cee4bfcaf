"""The regularizers of a recipe, each to be put back alone, or weaker."""

from __future__ import annotations

from trickrun.checks.interventions.parts import Regularizer
from trickrun.findings.rules.recipe.regularizers import STRONG, USUAL_PENALTY, usual_decay
from trickrun.recipe.facts import optimizer_facts
from trickrun.recipe.load import Loaded
from trickrun.tricks import regularizers as tricks

WEAKER = 0.01
"""Of a strength that is not above a usual one, or whose usual one is not known."""


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
        less = weaker(decay, usual_decay(optimizer_facts(loaded.recipe.optimizer)))
        found.append(Regularizer(path, {path: decay}, {path: less}, {path: less}, "TR50"))
    return found


def beside_loss(loaded: Loaded) -> list[str]:
    """Return the recipe paths of the regularizers that are no term of the loss."""
    recipe = loaded.recipe
    declares = recipe.regularizers
    given = {name: getattr(declares, name) for name in type(declares).model_fields}
    found = [f"regularizers.{name}" for name, trick in given.items() if trick and not trick.in_loss]
    if recipe.augmentation:
        found.append("augmentation")
    return found


def weaker(strength: float, usual: float | None) -> float:
    """Return the ``usual`` strength, which findings advise too, or less than a weak one."""
    if usual is not None and usual < strength:
        return usual
    return float(f"{strength * WEAKER:.6g}")


def regularizer(loaded: Loaded, name: str, trick: tricks.Regularizer) -> Regularizer:
    """Return the regularizer ``name``, with a usual strength where it has one."""
    path = f"regularizers.{name}"
    given = loaded.tree["regularizers"][name]
    usual: dict[str, float] = {}
    most = trick.usual_strength
    if isinstance(trick, tricks.Penalty) and trick.main:
        usual = {trick.main: weaker(trick.strength, USUAL_PENALTY if name in STRONG else None)}
    elif trick.main and most is not None and getattr(trick, trick.main) > most:
        usual = {trick.main: most}
    code = trick.too_strong
    back = {path: given}
    if not usual:
        return Regularizer(path, back, {path: None}, None, code)
    edit: dict[str, float | None] = {f"{path}.{key}": value for key, value in usual.items()}
    return Regularizer(path, back, edit, {path: {**given, **usual}}, code)
