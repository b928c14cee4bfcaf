"""A run that still goes on: is it clearly lost, and what do the looks at its layers say?

These rules would rather wait than be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.findings.finding import Finding
from trickrun.findings.rules.signal.units import MOST

UNWELL = frozenset({"TR36", "TR60", "TR61", "TR62"})
"""Curves of a network that did not learn, or hardly."""


def silent_layers(looks: Sequence[Look], curves: Sequence[Finding]) -> list[Finding]:
    """TR43, TR42: most units of a hidden layer were dead or saturated at the last two looks.

    Args:
        looks: of the whole run.
        curves: what the run's loss curves show.
    """
    if len(looks) < 2 or not UNWELL & {finding.code for finding in curves}:
        return []
    dead = layers_where(looks, lambda layer: layer.dead_fraction)
    if dead:
        why = f"{told(dead, looks)} are 0 for every sample: no gradient reaches them."
        return [Finding("TR43", "Dead units", "warning", 0.8, next(iter(dead)), dead, why)]
    saturated = layers_where(looks, lambda layer: layer.saturated_fraction)
    if saturated:
        why = f"{told(saturated, looks)} are at an end of their range: little gradient passes them."
        where = next(iter(saturated))
        return [Finding("TR42", "Saturated units", "warning", 0.75, where, saturated, why)]
    return []


def layers_where(looks: Sequence[Look], share: Callable[[LayerLook], float]) -> dict[str, float]:
    """Return the hidden layers, with the share at the last look, whose share is too large at each
    of the last two."""
    pairs = zip(looks[-2].layers[:-1], looks[-1].layers[:-1], strict=True)
    return {now.name: share(now) for before, now in pairs if min(share(before), share(now)) > MOST}


def told(layers: dict[str, float], looks: Sequence[Look]) -> str:
    """Return which share of which layers, in words."""
    shares = ", ".join(f"{share:.0%} of {name}" for name, share in layers.items())
    return f"At steps {looks[-2].step} and {looks[-1].step} most units ({shares})"


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
