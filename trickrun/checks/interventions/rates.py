"""Other learning rates to try."""

from __future__ import annotations

from trickrun.checks.interventions.parts import Replacement

USUAL_LR = 1e-3
"""Of adam, with which nearly every network learns something."""

LR_FACTORS = (10.0, 0.1, 100.0, 0.01)


def scaled_rates(given: float) -> list[Replacement]:
    """Return the learning rate ``given`` scaled both ways."""
    return [rate(given, float(f"{given * factor:.6g}")) for factor in LR_FACTORS]


def rate(given: float, lr: float) -> Replacement:
    """Return ``lr`` in the place of the learning rate ``given``."""
    high = given > lr
    name = "Learning rate too high" if high else "Learning rate too low"
    why = f"With lr {lr:g} instead of {given:g} the batch is fitted."
    return Replacement("optimizer.lr", {"optimizer.lr": lr}, "TR35" if high else "TR36", name, why)
