"""The learning rates that optimizers are usually given."""

from __future__ import annotations

from trickrun.recipe.schema import Recipe

USUAL_RATES = {
    "sgd": (3e-3, 0.3),
    "adam": (1e-4, 1e-2),
    "adamw": (1e-4, 1e-2),
    "rmsprop": (1e-4, 5e-3),
    "adagrad": (1e-3, 0.1),
    "adadelta": (0.1, 2.0),
}
"""Learning rates between which most recipes lie; momentum m divides those of sgd by 1 / (1 - m), up
to its effect at 0.9, but no more than fivefold."""


def usual_rates(recipe: Recipe) -> tuple[float, float]:
    """Return the learning rates between which most recipes with this optimizer lie."""
    optimizer = recipe.optimizer
    low, high = USUAL_RATES.get(optimizer.kind_name, (1e-4, 1e-2))
    shrink = min(5.0, 1 / (1 - getattr(optimizer, "momentum", 0.0)))
    return low / shrink, high / shrink
