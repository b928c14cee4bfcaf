"""Units that say nothing: dead and saturated ones."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.signal import LayerSignal, SignalEvidence
from trickrun.findings.finding import Finding

MOST = 0.5
"""Share of a layer's units from which on it is at fault: TheDeepChecker's bound."""


def dead(evidence: SignalEvidence) -> list[Finding]:
    """TR43: most units of a layer are 0 for every sample, at init or later.

    Zeros are normal in ReLU networks; a unit is dead only if no sample at all wakes it.
    """
    worst = [(layer, most_dead(layer)) for layer in evidence.hidden if layer.activation]
    bad = {layer.name: share for layer, share in worst if share > MOST}
    if not bad:
        return []
    layer = next(layer for layer in evidence.hidden if layer.name in bad)
    from_start = layer.first.dead_fraction > MOST
    why = (
        f"{bad[layer.name]:.0%} of the {layer.units} units of {layer.name} are 0 for every "
        f"sample (of {evidence.samples})"
    )
    if from_start:
        why += ", even before training. No gradient reaches them."
        # Another init also replaces a bias that keeps them below zero.
        other = evidence.init != "auto" and not evidence.user_network
        edit = {"init": {"kind": "auto"}} if other else rescale(evidence)
    else:
        why += (
            f"; before training it was {layer.first.dead_fraction:.0%}. A step was so large that "
            "it pushed them below zero permanently."
        )
        edit = evidence.lower_lr
    numbers = {"layers": bad, "before_training": layer.first.dead_fraction}
    name = "Dead units"
    if not any(other.trainable for other in evidence.layers[: evidence.layers.index(layer) + 1]):
        # They can neither die nor wake, and keep no gradient from anything that trains.
        why += " It is frozen, and so is everything before it."
        return [Finding("TR43", name, "warning", 0.4, layer.name, numbers, why)]
    return [Finding("TR43", name, "error", 0.9, layer.name, numbers, why, edit)]


def most_dead(layer: LayerSignal) -> float:
    """Return the largest share of dead units at any moment."""
    return max(moment.dead_fraction for moment in layer.moments)


def saturated(evidence: SignalEvidence) -> list[Finding]:
    """TR42: most units of a bounded activation sit at the ends of its range."""
    worst = {
        layer.name: max(layer.moments, key=lambda moment: moment.saturated_fraction)
        for layer in evidence.hidden
    }
    bad = {name: m.saturated_fraction for name, m in worst.items() if m.saturated_fraction > MOST}
    if not bad:
        return []
    layer = next(layer for layer in evidence.hidden if layer.name in bad)
    moment = worst[layer.name]
    why = (
        f"{bad[layer.name]:.0%} of the units of {layer.name} ({layer.activation}) are nearly "
        "always at one end of their range. Their inputs have a standard deviation of "
        f"{moment.pre_std:.3g}. The activation is flat there, and little gradient passes."
    )
    at_init = layer.first.saturated_fraction > MOST
    edit = rescale(evidence) if at_init else evidence.lower_lr
    numbers = {"layers": bad, "before_training": layer.first.saturated_fraction}
    numbers["pre_std"] = moment.pre_std
    return [Finding("TR42", "Saturated units", "error", 0.85, layer.name, numbers, why, edit)]


def rescale(evidence: SignalEvidence) -> dict[str, Any] | None:
    """Return the edit that gives every layer a signal of usual size; None for a user's network.

    Unscaled inputs are the first suspect, then a softmax between layers, an unusual init, and if
    that is not it, the lack of a norm.
    """
    unscaled = evidence.input_std > 2 or evidence.input_std < 0.5
    # With features that are constant, standardized inputs may be small too.
    if unscaled and evidence.normalize != "standard":
        return {"data.normalize": {"kind": "standard"}}
    if evidence.user_network:
        return None
    if evidence.activation in ("softmax", "log_softmax"):
        return {"model.activation": "relu"}
    if not evidence.usual_init:
        return {"init": {"kind": "auto"}}
    if evidence.normalization != "none":
        return None
    return {"normalization": {"kind": evidence.usual_normalization}}
