"""How likely a part of a recipe is the cause, before anything was tried.

These are own judgements, coarse on purpose: 0.9 for what hardly ever works, 0.5 for what often
fails, 0.1 for what is usual and fine. They decide what is tried first when time is short, how much
an edit must gain before it counts as a cause, and the order of causes whose edits gain the same.
"""

from __future__ import annotations

import math

from trickrun.checks.interventions.parts import Replacement
from trickrun.checks.interventions.rates import usual_rates
from trickrun.checks.interventions.replacements import BOUNDED, SLOW_LOSS
from trickrun.models import BuiltinModel
from trickrun.recipe.schema import Recipe
from trickrun.tricks.regularizers import Regularizer

BY_CODE = {
    "TR06": 0.2,
    "TR21": 0.9,
    "TR22": 0.95,
    "TR25": 0.95,
    "TR26": 0.95,
    "TR27": 0.95,
    "TR28": 0.9,
    "TR29": 0.85,
    "TR30": 0.6,
    "TR43": 0.8,
    "TR44": 0.1,
    "TR52": 0.7,
    "TR53": 0.9,
    "TR70": 0.1,
    "TR71": 0.2,
    "TR72": 0.15,
    "TR74": 0.8,
    "TR75": 0.3,
    "TR76": 0.5,
    "TR104": 0.5,
    "TR105": 0.5,
}
"""Likelihood of the parts whose replacement `overfit-batch` tries, where the code says enough."""


def of_rate(recipe: Recipe, up: bool) -> float:
    """Return the likelihood of a learning rate that is too low (``up``) or too high."""
    if recipe.optimizer.is_user_code:
        return 0.4
    low, high = usual_rates(recipe.optimizer)
    given = recipe.optimizer.lr
    off = math.log10(low / given if up else given / high)
    return min(0.95, max(0.2, 0.4 + 0.4 * off))


def of_part(part: Replacement, recipe: Recipe, input_std: float) -> float:
    """Return the likelihood that a part with a usual replacement is the cause."""
    match part.code:
        case "TR26" if recipe.loss.takes == "values":
            return 0.4  # probabilities beside one-hot classes: slow, but nothing is squashed twice
        case "TR29" if part.name == BOUNDED:
            return 0.3
        case "TR30" if part.name == SLOW_LOSS:
            return 0.2
        case "TR30" if recipe.loss.is_user_code and part.edit["loss"]["kind"] == "mse":
            return 0.35  # whoever weighs errors otherwise gives up some r2 for it
        case "TR23":
            return of_init(recipe)
        case "TR01":
            return 0.15 if 0.2 < input_std < 3 else 0.85
        case "TR42":
            deep = isinstance(recipe.model, BuiltinModel) and recipe.model.activation != "tanh"
            return 0.5 if deep else 0.2
        case "TR54":
            narrow = min(recipe.model.hidden_units or (), default=0)
            return 0.85 if narrow < 4 else 0.5 if narrow < 8 else 0.2
        case "TR35" | "TR36":
            return of_rate(recipe, part.code == "TR36")
        case "TR71":
            clip = recipe.optimizer.clip
            bound = min(b for b in (clip.norm, clip.value) if b is not None) if clip else 1.0
            return 0.7 if bound < 0.1 else 0.2
    return BY_CODE.get(part.code, 0.3)


def of_init(recipe: Recipe) -> float:
    """Return the likelihood that the init is the cause."""
    init = recipe.init
    if init.variance is not None:
        return 0.75
    if init.head is not None or init.bias not in ("auto", "zeros"):
        return 0.4
    return 0.2


def of_regularizer(path: str, recipe: Recipe) -> float:
    """Return the likelihood that a regularizer is too strong, by its strength."""
    name = path.rpartition(".")[2]
    if path.startswith("augmentation"):
        return 0.3
    if name == "weight_decay":
        strength = getattr(recipe.optimizer, "weight_decay", 0.0)
        return 0.85 if strength >= 0.3 else 0.5 if strength >= 0.03 else 0.1
    trick: Regularizer = getattr(recipe.regularizers, name)
    return trick.doubt


def of_length(steps: int) -> float:
    """Return the likelihood that a run of so many steps is too short."""
    if steps < 100:
        return 0.85 if steps < 50 else 0.7
    return 0.35 if steps <= 300 else 0.2
