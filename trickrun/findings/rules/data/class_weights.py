"""Weights of classes against how many samples the classes have."""

from __future__ import annotations

from itertools import combinations

from trickrun.findings.evidence.data import Classes
from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity

IGNORED, NEGLECTED = 50.0, 10.0
"""Factor by which a class counts less in the loss than both without weights and with balanced ones.
Measured on digits with one class at 1/10, 1/100 and 1/1000: the accuracy fell from 0.993 to 0.993,
0.911 and 0.889, which is that of never answering this class. On three overlapping classes of 900,
250 and 60 samples 1/10 was enough: f1_macro fell from 0.73 to 0.55."""

AGAINST = 3.0
"""The same where larger classes have larger weights throughout. Measured there: weights of 9, 2.5
and 0.6, a factor of 7.6, have an f1_macro of 0.49, balanced ones 0.65."""

LARGER = 1.5
"""Ratio from which on one class is larger than another one. Own: below, it may be chance."""

PROPORTIONAL = 1.2
"""Ratio of weights over samples up to which they are the shares in place of their inverse. Own:
weights are mostly written with two digits."""


def disproportionate_weights(e: Facts) -> list[Finding]:
    """TR94: weights that take a class out of the loss, or that grow with the classes; trap: weights
    that make up for rare classes in part, and costs that differ by a few times."""
    classes, weights = e.data.classes if e.data else None, e.loss.given_weights
    if classes is None or weights is None or len(weights) != len(classes.counts):
        return []
    present = [(n, w) for n, w in zip(classes.counts, weights, strict=True) if n]
    if len(present) < 2:
        return []
    factor, name = least_heard(classes, weights, e.inputs.balanced is True)
    larger = grows_with_class(present)
    ratios = [w / n for n, w in present]
    upside_down = larger and max(ratios) <= PROPORTIONAL * min(ratios)
    if not upside_down and factor < (AGAINST if larger else NEGLECTED):
        return []
    grave = upside_down or factor >= IGNORED
    severity: Severity = "error" if grave else "warning"
    why = (
        f"Class {name!r} counts {factor:.3g} times less in the loss than it does without weights "
        "and with balanced weights. The network may ignore it."
    )
    if larger:
        why += " Larger classes have larger weights. They should have smaller ones."
    path = "loss.class_weights"
    edit = {path: None if e.inputs.balanced else "balanced"}
    numbers = {"factor": factor, "weights": list(weights), "samples": list(classes.counts)}
    title = "Class weights upside down" if larger else "Class weights out of proportion"
    confidence = 0.9 if grave else 0.7
    return [Finding("TR94", title, severity, confidence, path, numbers, why, edit)]


def least_heard(
    classes: Classes, weights: tuple[float, ...], drawn_evenly: bool
) -> tuple[float, str]:
    """Return by what factor the class that weights harm most counts less in the loss than with any
    usual weights, from none to balanced ones; and its name.

    Args:
        drawn_evenly: whether sampling shows every class equally often.
    """
    present = [i for i, count in enumerate(classes.counts) if count]
    samples = {i: 1 if drawn_evenly else classes.counts[i] for i in present}
    whole, weighted = sum(samples.values()), sum(weights[i] * samples[i] for i in present)
    factors = {
        i: min(samples[i] / whole, 1 / len(present)) * weighted / (weights[i] * samples[i])
        for i in present
    }
    worst = max(factors, key=lambda i: factors[i])
    return factors[worst], classes.labels[worst]


def grows_with_class(present: list[tuple[int, float]]) -> bool:
    """Return whether of any two classes of clearly different size the larger one has the larger
    weight.

    Args:
        present: samples and weight of each class.
    """
    pairs = [sorted(pair) for pair in combinations(present, 2)]
    unequal = [(w, v) for (n, w), (m, v) in pairs if m >= LARGER * n]
    return bool(unequal) and all(v > w for w, v in unequal)


RULES = (disproportionate_weights,)
