"""Parts that watch the evaluations: early stopping, and schedules that wait for a plateau.

A short training has no early stopping and few evaluations, so it cannot show what they do.
"""

from __future__ import annotations

from math import inf
from typing import Any

from trickrun.findings.evidence.facts import Facts, MonitorFacts
from trickrun.findings.finding import Finding, Severity


def wrong_side(e: Facts) -> list[Finding]:
    """TR93: a part that takes progress for a setback; trap: mode auto, and a metric of the user's
    own, of which only the recipe says what is better."""
    return [backwards(e, m) for m in e.monitors or () if m.blind]


def backwards(e: Facts, m: MonitorFacts) -> Finding:
    """Return TR93 for one part."""
    wanted, better = ("higher", "lower") if m.mode == "max" else ("lower", "higher")
    why = f"{m.kind} takes a {wanted} {m.monitor} for better, but a {better} one is better. "
    at = m.acts_after
    acts = at is not None and (e.run.evaluations is None or at <= e.run.evaluations)
    severity: Severity = "error"
    if acts and m.ends_run:
        kept = ", with the weights of the first" if m.keeps_best else ""
        why += f"A run that improves at every evaluation ends after {at:g} of them{kept}."
    elif acts:
        why += f"In a run that improves at every evaluation lr falls from number {at:g} on."
    elif m.keeps_best:
        why += "The run ends with the weights of its worst evaluation."
    else:
        why += "The run is too short for it to act."
        severity = "warning"
    path = f"{m.path}.mode"
    numbers = {"acts_after": at, "evaluations": e.run.evaluations}
    name = "Watches the wrong side"
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
            f"A patience of {patience} never {does} a run of {evaluations} evaluations; a fifth "
            "of them is usual."
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


RULES = (wrong_side, patience_too_long)
