"""Parts that watch the evaluations: early stopping, and schedules that wait for a plateau.

A short training has no early stopping and few evaluations, so it cannot show what they do.
"""

from __future__ import annotations

from math import inf, log
from typing import Any

from trickrun.findings.evidence.facts import Facts, MonitorFacts
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.words import counted

MUCH = 0.1
"""Share of all that there is to gain from which on a single improvement is much to ask. Own: values
in use are a thousandth to a hundredth."""

NOISY = 500
"""Validation samples below which an accuracy of 0.9 has a standard error of more than 1.3 points:
more than what a network gains from one evaluation to the next in most of a run. Own."""

MANY = 10
"""Evaluations from which on one without progress is likely in any run. Own."""


def wrong_side(e: Facts) -> list[Finding]:
    """TR93: a part that takes progress for a setback; trap: mode auto, and a metric of the user's
    own, of which only the recipe says what is better."""
    return [backwards(e, m) for m in e.monitors or () if m.blind]


def backwards(e: Facts, m: MonitorFacts) -> Finding:
    """Return TR93 for one part."""
    wanted, better = ("higher", "lower") if m.mode == "max" else ("lower", "higher")
    why = f"{m.kind} treats a {wanted} {m.monitor} as better, but a {better} one is better. "
    at = m.acts_after
    acts = at is not None and (e.run.evaluations is None or at <= e.run.evaluations)
    severity: Severity = "error"
    if m.ends_run is None:
        why += "The search takes its worst trial for its best."
        severity = "warning"
    elif acts and m.ends_run:
        kept = ", with the weights of the first" if m.keeps_best else ""
        why += f"A run that improves at every evaluation stops after {at:g} of them{kept}."
    elif acts:
        why += (
            f"In a run that improves at every evaluation, lr is lowered from evaluation {at:g} on."
        )
    elif m.keeps_best:
        why += "The run keeps the weights of its worst evaluation."
    else:
        why += "The run is too short for this to take effect."
        severity = "warning"
    path = f"{m.path}.mode"
    numbers = {"acts_after": at, "evaluations": e.run.evaluations}
    name = "Monitor with the wrong mode"
    return Finding("TR93", name, severity, 0.95, path, numbers, why, {path: "auto"})


def patience_too_long(e: Facts) -> list[Finding]:
    """TR91: a part that can never act, because the run has too few evaluations; trap: a number of
    evaluations that only the data tell."""
    evaluations, found = e.run.evaluations, []
    for m in e.monitors or ():
        at, patience = m.acts_after, m.patience
        if evaluations is None or at is None or patience is None or not evaluations < at < inf:
            continue
        does = "stops" if m.ends_run else "lowers lr in"
        why = (
            f"A patience of {patience} never {does} a run of "
            f"{counted(evaluations, 'evaluation')}. A fifth of them is usual."
        )
        path = f"{m.path}.patience"
        usual = max(1, evaluations // 5)
        edit: dict[str, Any] = {path: usual}
        if usual + at - patience > evaluations:
            edit = {m.path or "": None}
        numbers = {"patience": patience, "evaluations": evaluations}
        name = "Patience as long as the run"
        found.append(Finding("TR91", name, "warning", 0.8, path, numbers, why, edit))
    return found


def progress_too_small(e: Facts) -> list[Finding]:
    """TR106: an improvement that must be larger than the value allows; trap: a min_delta of a
    hundredth, which an accuracy has room for, and of losses whose size is not known."""
    found = []
    for m in e.monitors or ():
        room, least = room_of(e, m), m.min_delta
        if room is None or least is None or m.blind or least < MUCH * room:
            continue
        impossible = least >= room
        severity: Severity = "error" if impossible else "warning"
        acts = "stops the run" if m.ends_run else "lowers lr"
        why = (
            f"{m.kind} counts an improvement of {m.monitor} only if it is larger than {least:g}. "
            f"The largest possible improvement is {room:.3g}: "
        )
        why += (
            f"it {acts} however steadily that improves."
            if impossible
            else f"it soon {acts} for good."
        )
        path = f"{m.path}.min_delta"
        numbers = {"min_delta": least, "room": room}
        confidence = 0.9 if impossible else 0.65
        name = "Improvements do not count"
        found.append(Finding("TR106", name, severity, confidence, path, numbers, why, {path: 0.0}))
    return found


def room_of(e: Facts, m: MonitorFacts) -> float | None:
    """Return by how much a monitored value can improve: a loss from that of the best constant
    answer to 0. None where that is not known."""
    if m.range is not None or m.monitor not in ("val_loss", "train_loss") or e.data is None:
        return m.range
    # A first evaluation that is worse than a constant answer leaves more, but is soon over.
    classes, targets = e.data.classes, e.data.targets
    if classes is not None and e.loss.takes in ("logits", "log_probabilities"):
        return log(len(classes.counts)) if len(classes.counts) > 1 else None
    if e.task == "multilabel" and e.loss.takes == "logits":
        return log(2)
    if targets is not None and e.loss.kind in ("mse", "mae"):
        return targets.size ** (2 if e.loss.kind == "mse" else 1) or None
    return None


def impatient(e: Facts) -> list[Finding]:
    """TR107: one evaluation without progress ends the run, on few validation samples; trap: large
    splits, and runs of a few evaluations."""
    samples = dict(e.data.splits).get("val") if e.data else None
    evaluations = e.run.evaluations
    if samples is None or evaluations is None or samples.samples >= NOISY or evaluations < MANY:
        return []
    found = []
    for m in e.monitors or ():
        if not m.ends_run or m.patience != 1 or not (m.monitor or "").startswith("val_"):
            continue
        why = (
            f"{samples.samples} samples measure {m.monitor} only roughly. The first of "
            f"{evaluations} evaluations that is no better ends the run, even if only by chance."
        )
        path = f"{m.path}.patience"
        numbers = {"patience": 1, "samples": samples.samples, "evaluations": evaluations}
        edit = {path: max(3, evaluations // 5)}
        name = "Patience too short"
        found.append(Finding("TR107", name, "warning", 0.6, path, numbers, why, edit))
    return found


def watches_training(e: Facts) -> list[Finding]:
    """TR107: early stopping that watches the training loss, which goes on falling while the network
    overfits; trap: no validation split, where there is nothing else to watch."""
    if not e.inputs.validated:
        return []
    found = []
    for m in e.monitors or ():
        if not m.ends_run or m.monitor != "train_loss":
            continue
        why = (
            "The training loss keeps falling when the network overfits. So the run neither stops "
            "then nor keeps the weights from before."
        )
        path = f"{m.path}.monitor"
        edit = {path: "val_loss"}
        name = "Stops on the training loss"
        found.append(Finding("TR107", name, "warning", 0.6, path, {}, why, edit))
    return found


def never_met(e: Facts) -> list[Finding]:
    """TR108: an expectation that no run can meet; trap: values that are no shares, as a loss."""
    name = "Expectation out of reach"
    return [
        Finding(
            "TR108",
            name,
            "warning",
            0.95,
            f"expect.{path}",
            {"condition": condition},
            f"{path} is a share between 0 and 1, and no such value is {condition}. The gate fails "
            "every run.",
        )
        for path, condition in e.run.unreachable or ()
    ]


RULES = (wrong_side, patience_too_long, progress_too_small, impatient, watches_training, never_met)
