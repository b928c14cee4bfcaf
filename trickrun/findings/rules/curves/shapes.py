"""What loss curves show: one finding a shape, from plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from trickrun.findings.evidence.curves import Curves, end_of
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rank import EXPLAINS
from trickrun.findings.rules.chance import at_chance
from trickrun.findings.rules.curves.fit import overfit, too_few_epochs, underfit
from trickrun.findings.rules.curves.luck import lucky_epoch, unstable_seeds, val_better_than_train
from trickrun.findings.rules.curves.optimization import (
    diverged,
    late_start,
    oscillating,
    stuck,
    too_slow,
)
from trickrun.findings.words import counted

FEWEST = 5
"""Evaluations below which there is no telling noise from trend."""

SHAPES = {
    "TR60": "diverged",
    "TR112": "at_chance",
    "TR61": "plateau",
    "TR64": "unstable_seeds",
    "TR36": "too_slow",
    "TR57": "oscillating",
    "TR51": "overfit",
    "TR56": "overfit",
    "TR55": "too_few_epochs",
    "TR62": "underfit",
    "TR09": "val_better_than_train",
    "TR63": "lucky_epoch",
    "TR65": "healthy",
    "TR66": "too_short",
}
"""The shape that each finding stands for, the gravest first."""

Rule = Callable[[Curves], Finding | None]

RULES: tuple[Rule, ...] = (
    late_start,
    too_slow,
    oscillating,
    overfit,
    underfit,
    too_few_epochs,
    val_better_than_train,
    lucky_epoch,
)


def judge(curves: Curves) -> list[Finding]:
    """Return what one run's curves show, gravest first; at least one finding."""
    if (bad := diverged(curves)) is not None:
        return [bad]
    nothing = learned_nothing(curves)
    few = len(curves.epochs) < FEWEST
    if curves.hardly_begun and (few or nothing is not None):
        return [too_short(curves)]
    first = [] if nothing is None else [nothing]
    if few:
        return first or [too_short(curves)]
    if (bad := stuck(curves)) is not None:
        return [*first, bad]
    found = {finding.code: finding for rule in RULES if (finding := rule(curves)) is not None}
    kept: list[Finding] = []
    hidden: set[str] = set()
    for code in SHAPES:
        if code in found and code not in hidden:
            kept.append(found[code])
            hidden |= EXPLAINS.get(code, frozenset())
    return [*first, *kept] or [healthy(curves)]


def learned_nothing(c: Curves) -> Finding | None:
    """TR112: the weights that the run ends with are no better than a constant answer.

    Without a validation split the training loss is judged, unless training sees other batches or
    another network than evaluation does.
    """
    if not c.epochs or (not c.val_loss and (c.setting.dropout or c.setting.augmented)):
        return None
    found = at_chance(
        c.constant,
        c.judged_loss[c.kept],
        c.kept_accuracy,
        where="val" if c.val_loss else "train",
        floor=c.floor,
        then=f"`trickrun diagnose {c.run}` looks for the cause.",
    )
    found = found or lucky_validation(c)
    return found and replace(found, evidence={"run": c.run, **found.evidence})


def lucky_validation(c: Curves) -> Finding | None:
    """TR112 as a warning: validation is better than a constant answer, and the test split, by which
    nothing was chosen, is worse."""
    known, loss, accuracy = c.test_constant, c.test_loss, c.test_accuracy
    if known is None or loss is None or loss < known.loss or not c.val_loss:
        return None
    if accuracy is not None and accuracy > (known.accuracy or 0.0):
        return None
    then = "The validation split says otherwise, by which these weights were chosen."
    found = at_chance(known, loss, accuracy, where="test", then=then)
    return None if found is None else replace(found, severity="warning", confidence=0.7)


def judge_together(runs: Sequence[Curves]) -> list[Finding]:
    """Return what only several runs of one recipe show."""
    groups: dict[str, list[Curves]] = {}
    for run in runs:
        groups.setdefault(run.recipe, []).append(run)
    found = (unstable_seeds(group, shape) for group in groups.values() if len(group) > 1)
    return [finding for finding in found if finding is not None]


def shape(curves: Curves) -> str:
    """Return the word for the gravest thing that a run's curves show."""
    return SHAPES[judge(curves)[0].code]


def healthy(c: Curves) -> Finding:
    """Return that there is nothing to find fault with."""
    evidence: dict[str, Any] = {"run": c.run, "best_epoch": c.best_epoch, "left": c.left[-1]}
    whole = "what always giving the same answer costs"
    if not c.baseline_known:
        whole = "the first loss that was logged"
    if c.floor < 0:
        whole = "the way down to the lowest loss left"
    why = f"Training ends with {c.left[-1]:.1%} of {whole}"
    if c.val_loss:
        evidence["val_left"] = (end_of(c.val_loss) - c.floor) / c.unit
        why += f", validation with {evidence['val_left']:.1%}"
    why += ". At the end nothing falls, rises or swings more than is normal."
    return Finding("TR65", "Healthy curves", "info", 0.8, "train", evidence, why)


def too_short(curves: Curves) -> Finding:
    """Return that there are too few evaluations to judge."""
    count = len(curves.epochs)
    evidence = {"run": curves.run, "evaluations": count, "needed": FEWEST}
    why = (
        f"The run has {counted(count, 'evaluation')}. With fewer than {FEWEST}, noise and trend "
        "cannot be told apart."
    )
    factor = -(-2 * FEWEST // max(count, 1))
    # Other tools count from 0: then nothing says how long it was.
    if curves.hardly_begun and min((*curves.epochs[-1:], *curves.steps[-1:]), default=0) > 0:
        epochs, steps = curves.epochs[-1], curves.steps[-1]
        evidence |= {"epochs": epochs, "steps": steps, "warmup": curves.warmup}
        span = f"its warm-up of {curves.warmup} steps" if steps < curves.warmup else "one epoch"
        why = f"The run ends after {steps:.0f} steps, before {span} is over."
        factor = max(factor, math.ceil(1 / epochs), math.ceil(2 * curves.warmup / steps))
    edit = None
    if curves.stopped_by in ("epochs", "steps"):
        setting = curves.setting
        edit = {setting.length_path: setting.length * factor}
    severity: Severity = "warning" if curves.hardly_begun else "info"
    return Finding("TR66", "Too short to judge", severity, 0.9, "train", evidence, why, edit)
