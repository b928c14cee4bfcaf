"""Learning rates: those that an optimizer is usually given, and others to try."""

from __future__ import annotations

from trickrun.checks.interventions.parts import Replacement
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


USUAL_LR = 1e-3
"""Of adam, with which nearly every network learns something."""

LR_FACTORS = (10.0, 0.1, 100.0, 0.01)


def scaled_rates(given: float, usual: float | None) -> list[Replacement]:
    """Return the learning rate ``given`` scaled both ways, after the ``usual`` one, which findings
    advise, where they do not reach it."""
    rates = [float(f"{given * factor:.6g}") for factor in LR_FACTORS]
    if usual is not None and not min(rates) <= usual <= max(rates):
        rates.insert(0, usual)
    return [rate(given, lr) for lr in rates]


def rate(given: float, lr: float) -> Replacement:
    """Return ``lr`` in the place of the learning rate ``given``."""
    high = given > lr
    name = "Learning rate too high" if high else "Learning rate too low"
    why = f"The batch is fitted with lr {lr:g} instead of {given:g}."
    return Replacement("optimizer.lr", {"optimizer.lr": lr}, "TR35" if high else "TR36", name, why)
