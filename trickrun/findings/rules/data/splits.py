"""Splits that cannot tell how good a network is: leaked, unlike, or too small."""

from __future__ import annotations

import math
from typing import Any

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
            f"{share:.0%} of the samples of {name} are also in the training split. Their score "
            "measures how well the network remembers, not how well it will predict."
        )
        if e.data.copies.within > LEAKED:
            why += (
                " The data held copies before it was split: remove the copies, or keep them "
                "in one split."
            )
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


def untrained_classes(e: Facts) -> list[Finding]:
    """TR83: classes that validate or test, and of which there is no training sample; trap: classes
    that no split has, which labels that count from another number leave."""
    drifts = dict(e.data.drift if e.data else ())
    parts = [name for name, drift in drifts.items() if drift.new_classes]
    if not parts:
        return []
    classes = list(dict.fromkeys(label for name in parts for label in drifts[name].new_classes))
    balanced = e.loss.class_weights is True and e.loss.given_weights is None
    several = len(classes) > 1
    told = ", ".join(map(repr, classes[:5])) + (", …" if len(classes) > 5 else "")
    it = "them" if several else "it"
    why = (
        f"No training sample has {'the classes' if several else 'class'} {told}, but "
        f"{' and '.join(parts)} {'have' if len(parts) > 1 else 'has'} some. The network cannot "
        f"learn {it}."
    )
    if balanced:
        weight = "Their balanced class weights are" if several else "Its balanced class weight is"
        why += f" {weight} 0, so no loss counts {it}."
    edit = stratification(e)
    why += how_to_draw(e, parts[0]) or f" Add samples of {it}, or leave {it} out."
    numbers = {"splits": parts, "classes": classes, "class_weight": 0.0 if balanced else None}
    title = "Class without training samples"
    return [Finding("TR83", title, "warning", 0.9, "data.split", numbers, why, edit)]


def unlike_classes(e: Facts) -> list[Finding]:
    """TR83: a split with other class shares than the training split; trap: small splits, whose
    shares scatter."""
    found = []
    for name, drift in e.data.drift if e.data else ():
        classes = len(e.data.classes.labels) if e.data and e.data.classes else 0
        # The expected distance of n samples' shares from the truth is about this.
        chance = math.sqrt(classes / (2 * math.pi * max(drift.samples, 1)))
        if drift.classes <= UNLIKE + 2 * chance:
            continue
        numbers = {"split": name, "distance": drift.classes, "new_classes": list(drift.new_classes)}
        why = (
            f"The class shares of {name} differ from those of the training split by "
            f"{drift.classes:.0%}.{how_to_draw(e, name)}"
        )
        where = f"data ({name})"
        title = "Class shares differ between splits"
        edit = stratification(e)
        found.append(Finding("TR83", title, "warning", 0.7, where, numbers, why, edit))
    return found


def how_to_draw(e: Facts, name: str) -> str:
    """Return what to do about the classes of the split ``name``, by how the recipe draws it; empty
    if it is drawn as it should be."""
    if e.data is None or name not in e.data.drawn:
        return " A split along an order in the file looks like that: split at random."
    if e.inputs.split_by == "time":
        return " The split is by time: the classes change with it."
    if e.inputs.split_by == "group":
        return " Groups stay whole; another data.split.seed divides them differently."
    if e.inputs.stratified is False:
        if can_be_stratified(e):
            return " A stratified split keeps the shares of the classes (data.split.stratified)."
        return " Another data.split.seed may leave more of them for training."
    return ""


def stratification(e: Facts) -> dict[str, Any] | None:
    """Return the edit that makes the split stratified; None if it is, or cannot be."""
    able = e.inputs.stratified is False and can_be_stratified(e)
    return {"data.split.stratified": True} if able else None


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
    worth = f"each is worth {1 / count:.1%} of accuracy" if classes else "each counts much"
    why = f"There are only {count} validation samples: {worth}."
    if e.data is not None and "val" in e.data.drawn:
        if e.inputs.folded is False:
            why += " Folds (data.split.folds) use all samples in turn."
        elif e.inputs.folded:
            why += " Train on each fold in turn (data.split.fold), and take the mean."
    numbers = {"samples": count}
    name = "Few validation samples"
    return [Finding("TR84", name, "info", 0.8, "data.split.val", numbers, why)]


def one_sided_labels(e: Facts) -> list[Finding]:
    """TR110: a label that no sample of a part has, or every one; trap: rare labels that each part
    has and lacks.

    Labels are not stratified, so a small part may well lack a rare one.
    """
    labels = e.data.labels if e.data else None
    if labels is None:
        return []
    found = []
    for (name, samples), counts in zip(labels.samples, labels.counts, strict=True):
        empty = [n for n, count in zip(labels.names, counts, strict=True) if count == 0]
        full = [n for n, count in zip(labels.names, counts, strict=True) if count == samples]
        if not (empty or full):
            continue
        said = [f"no sample has {listed(empty)}"] if empty else []
        said += [f"every sample has {listed(full)}"] if full else []
        what = (
            "Nothing can be learned about such a label."
            if name == "train"
            else (
                "In this split the label has no AUROC, and its F1 is 0 or depends on positives "
                "alone."
            )
        )
        drawn = name == "train" or name in e.data.drawn if e.data else False
        what += " Another data.split.seed may divide the samples differently." if drawn else ""
        numbers = {"part": name, "samples": samples, "never": empty, "always": full}
        why = f"In {name} ({samples} samples) {' and '.join(said)}. {what}"
        title = "Label that does not vary"
        found.append(Finding("TR110", title, "warning", 0.9, f"data ({name})", numbers, why))
    return found


NAMED = 5
"""Labels that a finding names."""


def listed(names: list[str]) -> str:
    """Return the first names, with commas between them, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more


RULES = (one_sided_labels, leaked, untrained_classes, unlike_classes, small_validation)
