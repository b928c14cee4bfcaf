"""What the looks of a training run say about its layers, where its curves say that it is not well.

Zeros are normal in ReLU networks and so are saturated gates in ones that have fitted: units that
say nothing are named only to explain a run that did not learn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
