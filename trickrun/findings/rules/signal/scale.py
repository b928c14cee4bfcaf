"""The size of the signal before training, from layer to layer."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from trickrun.findings.evidence.signal import LayerSignal, SignalEvidence
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.signal.units import rescale

CONSTANT = 1e-6
"""Standard deviation of a layer's weights below which they are all the same."""

VARIANCE_RATIO, HOPELESS = 10.0, 1e4
"""Ratio of the variances of what enters the activations of two hidden layers. From 10 on (the bound
of SageMaker Debugger's rule for poor initial weights, here of the signal instead of the weights,
whose variance rightly follows the fan-in) it is a warning: a network of few layers overcomes it.
From 1e4 on, a factor of 100 in size, an error; own."""

LOW, HIGH, FAR = 0.5, 2.0, 5.0
"""Standard deviations of what enters the activations that are usual, and how far beyond (as a
factor) it is a warning instead of a remark; the last one own: without batch norm, shipped recipes
and the usual inits lie between 0.2 and 2.3."""


def constant_init(evidence: SignalEvidence) -> list[Finding]:
    """TR22: all weights of a hidden layer are the same, so its units learn the same for ever.

    A head that starts at zero is a known trick and no fault, and so is the last layer of a residual
    branch (Fixup, Zhang et al. 2019, arXiv:1901.09321): its units get gradients of their own.
    """
    equal = [layer for layer in evidence.hidden if layer.weight_std < CONSTANT and layer.units > 1]
    bad = [layer for layer in equal if not leaves_zero(layer)]
    if not bad:
        return []
    names = [layer.name for layer in bad]
    numbers = {layer.name: layer.weight_std for layer in bad}
    why = (
        f"All weights of {', '.join(names)} start at the same value. Its units compute the same, "
        "get the same gradient and stay alike. Random weights break the symmetry."
    )
    edit = None if evidence.user_network else {"init": {"kind": "auto"}}
    where = "init" if edit else names[0]
    return [Finding("TR22", "Constant init", "error", 0.95, where, numbers, why, edit)]


def leaves_zero(layer: LayerSignal) -> bool:
    """Whether a layer's weights are zero, so that its first update has no ratio to them, and get a
    gradient all the same."""
    begins_at_zero = bool(layer.updates) and layer.updates[0].ratio is None
    return begins_at_zero and layer.first.gradient_norm > 0


def scaled(evidence: SignalEvidence) -> list[LayerSignal]:
    """Return the hidden layers whose signal has the size of what enters them: no look-up does."""
    return [layer for layer in evidence.hidden if layer.kind != "Embedding"]


def init_scale(evidence: SignalEvidence) -> list[Finding]:
    """TR23: the signal grows or shrinks from layer to layer before training; trap: weights that
    were learned."""
    if evidence.learned:
        return []
    sizes = {layer.name: layer.first.pre_std for layer in scaled(evidence)}
    known = [size for size in sizes.values() if size > 0 and math.isfinite(size)]
    if len(known) < 2 or len(known) < len(sizes):
        return []
    ratio = (max(known) / min(known)) ** 2
    if ratio <= VARIANCE_RATIO:
        return []
    shrinks = known[-1] < known[0]
    way = "shrinks" if shrinks else "grows"
    why = (
        f"Before training the signal {way} through the layers, from a standard deviation of "
        f"{known[0]:.3g} to {known[-1]:.3g}. Its variance changes by a factor of {ratio:.3g} "
        f"(usual: below {VARIANCE_RATIO:g}). The init does not match width and activation."
    )
    numbers: dict[str, Any] = {"pre_std": sizes, "variance_ratio": ratio}
    edit = rescale(evidence)
    where = next(iter(edit)) if edit else evidence.hidden[0].name
    severity: Severity = "error" if ratio > HOPELESS else "warning"
    return [Finding("TR23", "Wrong init scale", severity, 0.8, where, numbers, why, edit)]


def activation_scale(evidence: SignalEvidence) -> list[Finding]:
    """TR44: what enters the activations is far too large or small, in all layers alike; trap: as
    for TR23."""
    if evidence.learned:
        return []
    sizes = {layer.name: layer.first.pre_std for layer in scaled(evidence)}
    if not sizes or not all(math.isfinite(size) for size in sizes.values()):
        return []
    middle = median(sizes.values())
    if LOW <= middle <= HIGH:
        return []
    far = middle < LOW / FAR or middle > HIGH * FAR
    edit = rescale(evidence)
    where = next(iter(edit)) if edit else evidence.hidden[0].name
    why = (
        "Before training, the inputs of the activations have a standard deviation of about "
        f"{middle:.3g}; {LOW:g} to {HIGH:g} is usual. The network's inputs have "
        f"{evidence.input_std:.3g}."
    )
    numbers = {"pre_std": sizes, "input_std": evidence.input_std}
    severity: Severity = "warning" if far else "info"
    name = "Unusual activation scale"
    return [Finding("TR44", name, severity, 0.6, where, numbers, why, edit)]
