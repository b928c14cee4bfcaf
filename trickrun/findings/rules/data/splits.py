"""Splits that cannot tell how good a network is: leaked, unlike, or too small."""

from __future__ import annotations

import math

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity

LEAKED, WORTHLESS = 0.05, 0.5
"""Share of a split's samples that are in the training split too: the catalogue's 5 %. From one half
on the score tells more of what the network remembers than of new samples. Own."""

COPIED = 0.25
"""By how much that share must exceed the share of training samples that repeat one another. Own:
rows of few kinds (answers of a form, states of a board) repeat in both alike, and every new sample
will; of a table that holds each row twice it is 0.7 and 0.35, and of a split that was copied 1 and
0."""

UNLIKE = 0.25
"""Total variation distance of the class shares beyond chance. Own: a quarter of the samples would
have to change their class to make the shares equal."""

FEW = 30
"""Samples below which an accuracy has a standard error of 5 points and more (at 0.9). Own."""


def leaked(e: Facts) -> list[Finding]:
    """TR08: samples of a split that were trained on; trap: tables whose features take so few values
    that equal rows are to be expected."""
    if e.data is None or e.data.copies.chance or e.inputs.zeroed:
        return []
    found = []
    for name, share in e.data.copies.across:
        if share <= LEAKED:
            continue
        why = (
            f"{share:.0%} of the samples of {name} are in the training split too: their score says "
            "how well the network remembers, not how well it will do."
        )
        if e.data.copies.within > LEAKED:
            why += " The data held copies before it was split: remove them, or keep them together."
        numbers = {"split": name, "share": share, "within_training": e.data.copies.within}
        # Short texts repeat by themselves, and rows of few kinds do: as often in training itself.
        copied = share - e.data.copies.within >= COPIED
        grave = share >= WORTHLESS and copied and not e.data.tokens
        severity: Severity = "error" if grave else "warning"
        confidence = 0.95 if severity == "error" else 0.85
        edit = {"data.split.group_duplicates": True} if copies_can_be_kept(e, name, share) else None
        where = f"data ({name})"
        title = "Split leakage"
        found.append(Finding("TR08", title, severity, confidence, where, numbers, why, edit))
    return found


def copies_can_be_kept(e: Facts, name: str, share: float) -> bool:
    """Whether a split that keeps equal samples together would mend what ``leaked`` says.

    It keeps samples together that have their target in common, too; a split by time keeps none.
    """
    alike = dict(e.data.copies.with_target).get(name, 0.0) if e.data else 0.0
    drawn = e.data is not None and name in e.data.drawn
    allowed = e.inputs.duplicates_together is False and e.inputs.split_by in ("chance", "group")
    return drawn and allowed and share - alike <= LEAKED


def unlike_classes(e: Facts) -> list[Finding]:
    """TR83: a split with other classes than the training split; trap: small splits, whose shares
    scatter."""
    found = []
    for name, drift in e.data.drift if e.data else ():
        classes = len(e.data.classes.labels) if e.data and e.data.classes else 0
        # The expected distance of n samples' shares from the truth is about this.
        chance = math.sqrt(classes / (2 * math.pi * max(drift.samples, 1)))
        if drift.classes <= UNLIKE + 2 * chance and not drift.new_classes:
            continue
        numbers = {"split": name, "distance": drift.classes, "new_classes": list(drift.new_classes)}
        new = ", ".join(drift.new_classes[:5])
        why = f"The class shares of {name} differ from the training split's by {drift.classes:.0%}"
        why += f", and nothing was trained of {new}." if new else "."
        why += " A split along an order in the file looks like that: draw it at random."
        by_chance = e.inputs.stratified is False
        edit = {"data.split.stratified": True} if by_chance and can_be_stratified(e) else None
        where = f"data ({name})"
        title = "Splits of other classes"
        found.append(Finding("TR83", title, "warning", 0.7, where, numbers, why, edit))
    return found


def can_be_stratified(e: Facts) -> bool:
    """Whether a stratified split leaves samples of every class to train on.

    Validation and test each take a class's share to within one sample.
    """
    left = e.inputs.training_share or 0.0
    counts = e.data.classes.counts if e.data and e.data.classes else ()
    return bool(counts) and min(counts) * left >= 2


def small_validation(e: Facts) -> list[Finding]:
    """TR84: hardly any samples to judge by; trap: none that is large enough."""
    sizes = dict(e.data.splits) if e.data else {}
    if "val" not in sizes or sizes["val"].samples >= FEW:
        return []
    count = sizes["val"].samples
    classes = e.data is not None and e.data.classes is not None
    worth = f"one of them is worth {1 / count:.1%} of accuracy" if classes else "each counts much"
    why = f"{count} validation samples: {worth}. Folds (data.split.folds) use all samples in turn."
    numbers = {"samples": count}
    name = "Few validation samples"
    return [Finding("TR84", name, "info", 0.8, "data.split.val", numbers, why)]


RULES = (leaked, unlike_classes, small_validation)
