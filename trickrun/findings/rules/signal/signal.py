"""What is wrong with the signal through a network: findings from what `signal` measured.

Layers are compared with each other, and gradients judged before the network has fitted: small
numbers alone are no fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trickrun.findings.evidence.signal import SignalEvidence
from trickrun.findings.finding import Finding
from trickrun.findings.rank import without_symptoms
from trickrun.findings.rules.signal.scale import activation_scale, constant_init, init_scale
from trickrun.findings.rules.signal.steps import frozen, step_size
from trickrun.findings.rules.signal.units import dead, rescale, saturated

VANISHED, EXPLODED = 1e-3, 70.0
"""Gradient of the first layer over that of the last: AutoTrainer's bounds (Zhang et al. 2021)."""

TINY = 1e-6
"""Gradient (root mean square) of every hidden layer below which nothing is learned:
TheDeepChecker's bound for its mean size."""

Rule = Callable[[SignalEvidence], "list[Finding]"]


def findings(evidence: SignalEvidence) -> list[Finding]:
    """Return what is wrong, causes before what they explain."""
    rules: tuple[Rule, ...] = (
        constant_init,
        frozen,
        init_scale,
        saturated,
        dead,
        vanishing,
        exploding,
        step_size,
        activation_scale,
    )
    found = [finding for rule in rules for finding in rule(evidence)]
    return without_symptoms(found)


def gradients(evidence: SignalEvidence) -> tuple[int, float, float] | None:
    """Return the step of the first moment at which the first trainable layer has a gradient, its
    size there and the last layer's.

    A head that starts at 0 lets no gradient through before the first step. None if there is no
    such moment, or only one trainable layer.
    """
    layers = [layer for layer in evidence.layers if layer.trainable]
    if len(layers) < 2:
        return None
    for first, last in zip(layers[0].moments, layers[-1].moments, strict=True):
        if first.gradient_rms > 0 and last.gradient_rms > 0:
            return first.step, first.gradient_rms, last.gradient_rms
    return None


def vanishing(evidence: SignalEvidence) -> list[Finding]:
    """TR40: the gradient gets lost on its way to the first layer, or is tiny in all of them."""
    known = gradients(evidence)
    if known is None or evidence.fitted:
        return []
    step, first, last = known
    hidden = [layer for layer in evidence.hidden if layer.trainable]
    largest = max(m.gradient_rms for layer in hidden for m in layer.moments if m.step == step)
    if first / last >= VANISHED and largest >= TINY:
        return []
    numbers = {"first": first, "last": last, "ratio": first / last, "step": step}
    where = hidden[0].name
    if first / last < VANISHED:
        why = (
            f"The gradient of {where} is {first / last:.2g} of the last layer's ({first:.2g} "
            f"against {last:.2g}). It vanishes on its way back, and the first layers do not learn."
        )
    else:
        why = (
            f"No hidden layer has a gradient above {largest:.2g}, although nothing is fitted yet. "
            "The signal is lost in both directions."
        )
    return [Finding("TR40", "Vanishing gradient", "error", 0.85, where, numbers, why,
                    unblock(evidence))]  # fmt: skip


def unblock(evidence: SignalEvidence) -> dict[str, Any] | None:
    """Return the edit that lets a gradient through: an activation that does not shrink it, a usual
    init, or else a norm."""
    if evidence.activation in ("sigmoid", "tanh", "hard_sigmoid", "softmax"):
        return {"model.activation": "relu"}
    return rescale(evidence)


def exploding(evidence: SignalEvidence) -> list[Finding]:
    """TR41: the gradient grows on its way to the first layer, or the training ends in NaN."""
    if evidence.non_finite_step is not None:
        numbers = {"step": evidence.non_finite_step, "losses": list(evidence.losses[-5:])}
        why = f"Step {evidence.non_finite_step} ended with a loss that is NaN or infinite."
        name = "Training explodes"
        return [Finding("TR41", name, "error", 0.9, "optimizer.lr", numbers, why,
                        evidence.lower_lr)]  # fmt: skip
    known = gradients(evidence)
    if known is None or known[1] / known[2] <= EXPLODED:
        return []
    step, first, last = known
    where = next(layer.name for layer in evidence.layers if layer.trainable)
    why = (
        f"The gradient of {where} is {first / last:.3g} times the last layer's. It grows on its "
        "way back, so any step that suits one end is wrong for the other."
    )
    numbers = {"first": first, "last": last, "ratio": first / last, "step": step}
    edit = rescale(evidence)
    if edit is None and not evidence.clipped:
        edit = {"optimizer.clip": {"norm": 1.0}}
    return [Finding("TR41", "Exploding gradient", "error", 0.8, where, numbers, why, edit)]
