"""Is a run that still goes on clearly lost? Rules that would rather wait than be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from trickrun.findings.evidence.run import Look
from trickrun.findings.finding import Finding

WINDOW = 100
"""Training steps whose median loss is compared. Own: half the default distance of two looks."""

RISEN = 3.0
"""Factor over the first losses from which on a loss that still rises is lost. Own: noise and a
warm-up's bump stay below twice, and runs that come back from above it have begun to fall."""

STILL = 0.99
"""Share of the loss a window earlier above which it has not moved. Own."""


def lost(losses: Sequence[float], looks: Sequence[Look], lr: float) -> Finding | None:
    """Return why a run cannot come to anything, or None if it may.

    Args:
        losses: the data loss of each step so far.
        looks: at the layers so far.
        lr: the recipe's.
    """
    return diverged(losses, lr) or dead(losses, looks, lr)


def diverged(losses: Sequence[float], lr: float) -> Finding | None:
    """TR41: the loss is far above where it began, and does not come back."""
    if len(losses) < 2 * WINDOW + 5:
        return None
    start = median(losses[:5])
    before, now = median(losses[-2 * WINDOW : -WINDOW]), median(losses[-WINDOW:])
    if now <= RISEN * start or now < before:
        return None
    why = (
        f"The loss began at {start:.3g}; over the last {WINDOW} steps it was {now:.3g}, and over "
        f"the {WINDOW} before {before:.3g}. It has diverged, and goes on rising."
    )
    numbers = {"start": start, "before": before, "now": now, "step": len(losses)}
    return Finding("TR41", "Training explodes", "error", 0.9, "optimizer.lr", numbers, why,
                   {"optimizer.lr": lower(lr)})  # fmt: skip


def dead(losses: Sequence[float], looks: Sequence[Look], lr: float) -> Finding | None:
    """TR43: a whole layer is 0 for each sample, look after look, and the loss stands still.

    A dead branch beside a residual connection is no such case: there the loss goes on falling.
    """
    if len(looks) < 2 or len(losses) < 2 * WINDOW:
        return None
    before, now = median(losses[-2 * WINDOW : -WINDOW]), median(losses[-WINDOW:])
    if now < STILL * before:
        return None
    for first, second in zip(looks[-2].layers[:-1], looks[-1].layers[:-1], strict=True):
        if first.dead_fraction == second.dead_fraction == 1.0:
            why = (
                f"All units of {first.name} were 0 for each sample at step {looks[-2].step} and at "
                f"step {looks[-1].step}, and the loss stands at {now:.3g}: no gradient will wake "
                "them."
            )
            numbers = {"layer": first.name, "loss_before": before, "loss": now}
            return Finding("TR43", "Dead units", "error", 0.95, first.name, numbers, why,
                           {"optimizer.lr": lower(lr)})  # fmt: skip
    return None


def lower(lr: float) -> float:
    """Return the catalogue's edit for steps that are too large."""
    return float(f"{lr / 10:.2g}")
