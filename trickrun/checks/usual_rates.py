"""The learning rates that optimizers are usually given."""

from __future__ import annotations

from trickrun.tricks.optimizers import Optimizer

ANY_RATES = (1e-4, 1e-2)
"""Learning rates to look between where nothing is known of the optimizer: those of adam."""


def usual_rates(optimizer: Optimizer) -> tuple[float, float]:
    """Return the learning rates between which most recipes with this kind of optimizer lie.

    Momentum m that multiplies lr divides them by 1 / (1 - m), up to its effect at 0.9, but no more
    than fivefold.
    """
    low, high = optimizer.usual_lr or ANY_RATES
    momentum = getattr(optimizer, "momentum", 0.0) if optimizer.momentum_multiplies_lr else 0.0
    shrink = min(5.0, 1 / (1 - momentum))
    return low / shrink, high / shrink
