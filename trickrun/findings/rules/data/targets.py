"""What is wrong with the targets, before any network is asked for them."""

from __future__ import annotations

import math
from typing import Any

from trickrun.findings.evidence.data import Targets
from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity

LARGE_TARGETS, SMALL_TARGETS = 10.0, 0.1
"""Size of the targets about the head's bias outside of which they are unscaled. Measured for
`initial-loss`: SGD at its usual rates still learned at 10 and diverged at 77, and at 0.1 the error
stayed 4 to 8 times as high as for targets of size 1."""

DIVERGES = 50.0
"""Size from which on plain gradient steps are likely to diverge; see ``LARGE_TARGETS``."""

UNEVEN = 10.0
"""Ratio of the largest to the smallest class: SageMaker Debugger's bound for class imbalance."""

RARE = 3
"""Samples of the smallest class below which nothing can be learned of it, whatever the ratio."""

CONFLICTS, HOPELESS_CONFLICTS = 0.02, 0.3
"""Share of samples with the input of another class. Own: 2 % bound the accuracy at about 99 %."""

SORTED, RELATED = 0.5, 0.2
"""Share of the targets' variance between batches: 1 where labels are sorted, 0 by chance. Own."""

FEW_VALUES = 20
"""Different whole numbers up to which values may be classes: as the csv reader decides."""

PER_CLASS = 3.0
"""Samples a class below which classes are values in disguise. Own."""

CONSTANT_TARGET = "All targets alike"
"""Name of the finding that leaves nothing to be said of the network."""


def unscaled_targets(e: Facts) -> list[Finding]:
    """TR06: values far larger or smaller than an untrained network's outputs; trap: large ones
    whose mean the head's bias has, and a median loss, which does not care."""
    targets = e.data.targets if e.data else None
    if targets is None or not e.loss.grows_with_error or targets.std == 0:
        return []
    size = about_the_bias(e, targets)
    small = size < SMALL_TARGETS
    if not small and size <= LARGE_TARGETS:
        return []
    grave = e.optimizer.adaptive is False and size > DIVERGES
    meaning = (
        "the untrained outputs are much larger than they are"
        if small
        else "the outputs of about 1 must grow to that size, with steps meant for size 1"
    )
    why = (
        f"The targets have mean {targets.mean:.4g} and standard deviation {targets.std:.4g}. A "
        f"network's targets should have size 1; here {meaning}."
    )
    scalable = e.inputs.scale_targets == "none"
    edit = {"data.scale_targets": "standard"} if scalable else None
    numbers = {"mean": targets.mean, "std": targets.std, "size": size}
    severity: Severity = "error" if grave else "warning"
    confidence = 0.85 if grave else 0.6
    where = "data.scale_targets"
    return [Finding("TR06", "Unscaled targets", severity, confidence, where, numbers, why, edit)]


def about_the_bias(e: Facts, targets: Targets) -> float:
    """Return the size of the targets about the number that the head's bias starts at."""
    bias = e.init.head_bias
    if bias == "prior":
        return targets.std
    if bias is not None and targets.outputs == 1:
        return math.hypot(targets.mean - bias, targets.std)
    return targets.smallest if targets.smallest < SMALL_TARGETS else targets.size


def constant_target(e: Facts) -> list[Finding]:
    """TR07: one answer for all samples; trap: none, there is nothing to learn."""
    if e.data is None:
        return []
    classes, targets = e.data.classes, e.data.targets
    one_class = classes is not None and sum(count > 0 for count in classes.counts) == 1
    if not one_class and (targets is None or targets.std > 0):
        return []
    why = "All training samples have the same target: there is nothing to learn."
    return [Finding("TR07", CONSTANT_TARGET, "error", 0.95, "data", {}, why)]


def uneven_classes(e: Facts) -> list[Finding]:
    """TR07: classes of very different size; trap: a recipe that weighs classes or samples, or shows
    classes equally often."""
    classes = e.data.classes if e.data else None
    if classes is None or e.loss.class_weights is not False or e.inputs.balanced is not False:
        return []
    if e.inputs.weighted:
        return []
    present = [count for count in classes.counts if count]
    if len(present) < 2 or max(present) <= UNEVEN * min(present):
        return []
    ratio = max(present) / min(present)
    rarest = classes.labels[classes.counts.index(min(present))]
    why = (
        f"The largest class has {ratio:.3g} times as many samples as {rarest!r}, which has "
        f"{min(present)}. A network can score well by ignoring the rare class. "
    )
    edit: dict[str, Any] | None = {"loss.class_weights": "balanced"}
    if e.loss.automatic:
        edit = {"loss": {"kind": "cross_entropy", "class_weights": "balanced"}}
    elif not e.loss.can_weigh_classes:
        edit = None
    why += "Weight the classes" if edit else "Show them equally often (data.sampling: balanced)"
    watched = "f1_macro" in (e.run.metrics or ())
    why += "." if watched else ", and watch f1_macro beside accuracy."
    numbers = {"ratio": ratio, "smallest": min(present), "largest": max(present)}
    confidence = 0.7 if min(present) >= RARE else 0.6
    where = "loss.class_weights"
    return [Finding("TR07", "Class imbalance", "warning", confidence, where, numbers, why, edit)]


def labels_off_by_one(e: Facts) -> list[Finding]:
    """TR12: the first or the last class never occurs; trap: a class in between, which may just be
    rare."""
    classes = e.data.classes if e.data else None
    if classes is None or not classes.unused:
        return []
    why = (
        f"No sample of any split has class {classes.unused!r}, the first or last of the "
        f"{len(classes.labels)} classes. Labels that do not start at 0 look like that."
    )
    numbers = {"unused": classes.unused, "classes": len(classes.labels)}
    return [Finding("TR12", "Labels off by one", "warning", 0.7, "data", numbers, why)]


def values_as_classes(e: Facts) -> list[Finding]:
    """TR30: nearly every sample has a class of its own; trap: many classes with samples enough."""
    classes = e.data.classes if e.data else None
    if classes is None or len(classes.counts) <= FEW_VALUES:
        return []
    each = sum(classes.counts) / len(classes.counts)
    if each >= PER_CLASS or not all(is_number(label) for label in classes.labels):
        return []
    why = (
        f"There are {len(classes.counts)} classes, all of them numbers, with {each:.2g} samples "
        "each. These are values: a network that predicts classes cannot know that 7 is next to 8."
    )
    edit: dict[str, Any] | None = None
    if e.inputs.task_can_be_set:
        edit = {"data.task": "regression", "loss": {"kind": "mse"}}
    numbers = {"classes": len(classes.counts), "samples_per_class": each}
    return [Finding("TR30", "Values read as classes", "error", 0.8, "data.task", numbers, why,
                    edit)]  # fmt: skip


def classes_as_values(e: Facts) -> list[Finding]:
    """TR13: labels of classes that were divided, so that they became values; trap: whole numbers,
    which may be counts or ratings."""
    targets = e.data.targets if e.data else None
    if targets is None or targets.scaled or e.loss.task != "regression":
        return []
    if not (2 <= targets.distinct <= FEW_VALUES and targets.even) or targets.whole:
        return []
    why = (
        f"The targets take {targets.distinct} evenly spaced values, and none but the ends is a "
        "whole number. They look like class labels that were scaled. Use the labels as they were."
    )
    numbers = {"distinct": targets.distinct, "low": targets.low, "high": targets.high}
    return [Finding("TR13", "Scaled labels", "warning", 0.7, "data", numbers, why)]


def labels_as_values(e: Facts) -> list[Finding]:
    """TR111: several targets that are all 0 or 1, predicted as values; trap: one such target, which
    may be a share that is only ever whole, and values that are 0 and 1 by chance in a few rows."""
    targets = e.data.targets if e.data else None
    if targets is None or not targets.zeros_and_ones or targets.outputs < 2:
        return []
    if e.loss.task not in ("regression", None) or not e.inputs.task_can_be_set:
        return []
    why = (
        f"All {targets.outputs} targets are 0 or 1 in every sample, so they are labels. A network "
        "that predicts them as values gives no probabilities."
    )
    edit: dict[str, Any] = {"data.task": "multilabel"}
    if not e.loss.automatic:
        edit["loss"] = {"kind": "bce"}
    if e.run.metrics:
        edit["metrics"] = None
    if e.inputs.scale_targets != "none":
        edit["data.scale_targets"] = "none"
    numbers = {"targets": targets.outputs}
    name = "Labels read as values"
    return [Finding("TR111", name, "warning", 0.8, "data.task", numbers, why, edit)]


def contradictions(e: Facts) -> list[Finding]:
    """TR15: equal inputs with other targets; trap: a few of them, as in any real table, and inputs
    that can take a few values only."""
    share = e.data.copies.conflicting if e.data else 0.0
    if e.data is None or share <= CONFLICTS or e.inputs.zeroed:
        return []
    if e.data.constant >= e.data.features:
        return []
    grave = share >= HOPELESS_CONFLICTS and not e.data.copies.chance
    why = (
        f"{share:.1%} of the training samples share their input with a sample that has another "
        "target. No network can be right about both."
    )
    severity: Severity = "error" if grave else "info" if e.data.copies.chance else "warning"
    numbers = {"share": share}
    name = "Equal inputs, different targets"
    return [Finding("TR15", name, severity, 0.8, "data", numbers, why)]


def unshuffled(e: Facts) -> list[Finding]:
    """TR17: samples come in the order of their targets; trap: stored so, but shuffled, or in no
    order."""
    if e.data is None or e.inputs.shuffled is not False or e.inputs.full_batch:
        return []
    order = e.data.order
    if order <= RELATED:
        return []
    grave = order > SORTED
    why = (
        f"Without shuffling, {order:.0%} of the targets' variance lies between batches; by chance "
        "it would be none. Each batch pulls the network to its own few targets, and the next "
        "batch pulls it away."
    )
    edit = {"data.shuffle": True}
    severity: Severity = "error" if grave else "warning"
    numbers = {"order": order}
    confidence = 0.9 if grave else 0.7
    return [Finding("TR17", "Not shuffled", severity, confidence, "data.shuffle", numbers, why,
                    edit)]  # fmt: skip


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


RULES = (
    unscaled_targets,
    constant_target,
    uneven_classes,
    labels_off_by_one,
    values_as_classes,
    classes_as_values,
    labels_as_values,
    contradictions,
    unshuffled,
)
