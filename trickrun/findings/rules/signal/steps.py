"""What the optimizer's steps do to the weights."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from trickrun.findings.evidence.signal import SignalEvidence
from trickrun.findings.finding import Finding

HIGH, LOW, IDEAL = -1.0, -4.0, -3.0
"""log10 of update over weights: TheDeepChecker's bounds, and CS231n's rule of thumb."""

LOST = 1e-7
"""Learning rate below which a step is lost in float32: it keeps 1e-7 of a weight's size."""

WARM = 0.3
"""Share of optimizer.lr that the last step must have for small updates to count: in a warm-up, or
at the end of a schedule, they are meant to be small."""

SHRUNK = 10.0
"""Factor by which an optimizer's own scaling must have shrunk the steps to be named."""


def frozen(evidence: SignalEvidence) -> list[Finding]:
    """TR45: the weights of a trainable layer do not change at all; TR36 where that is rounding."""
    still = [
        layer.name
        for layer in evidence.layers
        if layer.trainable and layer.updates and all(u.change == 0 for u in layer.updates)
    ]
    if not still or not any(lr > 0 for lr in evidence.lrs):
        return []
    numbers: dict[str, Any] = {"layers": still, "steps": evidence.steps}
    if max(evidence.lrs) < LOST:
        name, place = "Learning rate too low", "optimizer.lr"
        why = (
            f"In {evidence.steps} steps the weights of {', '.join(still)} did not change by a "
            f"single bit. With a learning rate of {max(evidence.lrs):.1g} a step is lost in "
            "rounding."
        )
        return [Finding("TR36", name, "error", 0.9, place, numbers, why)]
    why = (
        f"In {evidence.steps} steps the weights of {', '.join(still)} did not change by a single "
        "bit. No gradient reaches them, or the optimizer does not have them."
    )
    return [Finding("TR45", "Frozen layers", "error", 0.9, still[0], numbers, why)]


def step_size(evidence: SignalEvidence) -> list[Finding]:
    """TR35, TR36: updates that are too large or too small for the weights.

    Judged by the median layer and the later half of the steps: a small head takes large steps at
    first, weights of 0 have no ratio, and warm-up steps are small.
    """
    ratios = {
        layer.name: math.log10(layer.update_ratio)
        for layer in evidence.layers
        if layer.trainable and layer.update_ratio
    }
    if not ratios:
        return []
    middle = median(ratios.values())
    numbers: dict[str, Any] = {"log10_update_ratio": ratios, "median": middle}
    if middle > HIGH:
        why = (
            f"A step changes the weights by 10^{middle:.1f} of their size; about 10^{IDEAL:.0f} is "
            "good. Above 10^-1 they are replaced rather than improved."
        )
        name, edit = "Learning rate too high", evidence.lower_lr
        return [Finding("TR35", name, "error", 0.85, "optimizer.lr", numbers, why, edit)]
    late = evidence.lrs[-1] < WARM * evidence.lr
    if max(ratios.values()) >= LOW or late or evidence.fitted:
        return []
    why = (
        f"A step changes the weights by 10^{middle:.1f} of their size; about 10^{IDEAL:.0f} is "
        "good. Below 10^-4 training takes far too long."
    )
    shrunk = shrinking(evidence)
    numbers["effective_lr_shrunk_by"] = shrunk
    if shrunk > SHRUNK:
        why += (
            f" The scaling of {evidence.optimizer} has made its steps {shrunk:.0f} times smaller "
            "since the first one."
        )
    edit = {"optimizer.lr": float(f"{evidence.lr * 10 ** math.floor(IDEAL - middle):.2g}")}
    name = "Learning rate too low"
    return [Finding("TR36", name, "warning", 0.8, "optimizer.lr", numbers, why, edit)]


def shrinking(evidence: SignalEvidence) -> float:
    """Return by how much the optimizer's own scaling shrank the effective learning rate, in the
    median layer."""
    factors = []
    for layer in evidence.layers:
        known = [u.effective_lr for u in layer.updates if u.effective_lr]
        if len(known) > 1:
            factors.append(known[0] / known[-1])
    return median(factors) if factors else 1.0
