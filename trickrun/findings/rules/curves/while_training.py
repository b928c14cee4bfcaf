"""A run that still goes on: is it clearly lost, and what do the looks at its layers say?

These rules would rather wait than be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from statistics import median

from trickrun.findings.evidence.run import EARLY, LayerLook, Look
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


THROWN, JUMP = 10.0, 10.0
"""A step's change of a layer's weights over their size, and the loss over the first step's, from
which on together the first steps have thrown the weights about. Measured with sgd, momentum and
adam on digits, wine, iris and diabetes at rates from 0.01 to 50: all runs that reached both ended
non-finite or far behind the others; runs that learned reached 5 and less."""

GOOD_RATIO = 0.05
"""Change of the weights by the first step, over their size, of the learning rates at which these
runs learned best: 0.03 to 0.3."""


def first_steps(
    losses: Sequence[float], looks: Sequence[Look], lr: float, own_init: bool
) -> Finding | None:
    """Return why the first steps of a run have ended it already, or None if they may not have.

    Args:
        losses: the data loss of each of them.
        looks: at each of them.
        lr: the recipe's.
        own_init: whether the recipe names an init.
    """
    return thrown_about(losses, looks, lr) or never_moved(looks, own_init)


def thrown_about(losses: Sequence[float], looks: Sequence[Look], lr: float) -> Finding | None:
    """TR35: a step changes a layer by many times its size, and the loss with it; trap: weights that
    begin near 0, whose first step is many times their size and does no harm."""
    jump = max(losses) / losses[0] if losses and losses[0] > 0 else 0.0
    steps = [
        (layer.update_ratio, layer.name, look.step + 1)
        for look in looks
        for layer in look.layers
        if layer.update_ratio is not None and not isnan(layer.update_ratio)
    ]
    if not steps or max(steps)[0] < THROWN or jump < JUMP:
        return None
    ratio, name, step = max(steps)
    why = (
        f"Step {step} changed the weights of {name} by {ratio:.2g} times their size, where a "
        f"hundredth is usual. The loss rose to {jump:.2g} times that of the first step."
    )
    first = max(found for found, _, at in steps if at == steps[0][2])
    edit = {"optimizer.lr": float(f"{lr * min(0.1, GOOD_RATIO / first):.2g}")} if first else None
    numbers = {"first_steps": len(looks), "layer": name, "step": step}
    numbers |= {"update_ratio": ratio, "loss_ratio": jump}
    return Finding("TR35", "Learning rate too high", "error", 0.9, "optimizer.lr", numbers, why,
                   edit)  # fmt: skip


def never_moved(looks: Sequence[Look], own_init: bool) -> Finding | None:
    """TR43: a hidden layer is 0 for every sample, and no hidden layer gets a gradient; trap: a dead
    branch beside a residual connection, past which the other layers learn."""
    hidden = [layer for look in looks for layer in look.layers[:-1]]
    if len(looks) < EARLY or any(layer.gradient_norm for layer in hidden):
        return None
    dead = next((layer.name for layer in hidden if layer.dead_fraction == 1.0), None)
    if dead is None:
        return None
    why = (
        f"All units of {dead} are 0 for every sample at each of the first {EARLY} steps, and no "
        "hidden layer gets a gradient. Training cannot change that: only the last layer's bias "
        "learns."
    )
    numbers = {"first_steps": len(looks), "layer": dead}
    edit = {"init": {"kind": "auto"}} if own_init else None
    return Finding("TR43", "Dead units", "error", 0.95, dead, numbers, why, edit)


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
        f"The loss began at {start:.3g}. Within the last {2 * WINDOW} steps it rose from "
        f"{before:.3g} to {now:.3g}. It has diverged and is still rising."
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
                f"All units of {first.name} are 0 for every sample, at step {looks[-2].step} as at "
                f"step {looks[-1].step}. No gradient reaches them, and the loss stays at {now:.3g}."
            )
            numbers = {"layer": first.name, "loss_before": before, "loss": now}
            return Finding("TR43", "Dead units", "error", 0.95, first.name, numbers, why,
                           {"optimizer.lr": lower(lr)})  # fmt: skip
    return None


def lower(lr: float) -> float:
    """Return the catalogue's edit for steps that are too large."""
    return float(f"{lr / 10:.2g}")
