"""`diagnose`: what is wrong with a recipe, and the edit that mends it, proved by trying it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from trickrun.checks.diagnose.arms import Arms
from trickrun.checks.diagnose.candidates import candidates
from trickrun.checks.diagnose.confirm import Tried, try_edits
from trickrun.checks.diagnose.gather import Evidence, gather
from trickrun.checks.diagnose.short import Short, shorten
from trickrun.checks.diagnose.skill import standard_error
from trickrun.checks.verdict import Verdict
from trickrun.diagnose.conclusion import (
    HARMS,
    Cause,
    Standing,
    nothing_helps,
    with_what_was_tried,
    without_trying,
)
from trickrun.diagnose.finding import Finding
from trickrun.engines.choose import one_thread
from trickrun.params import PythonTarget
from trickrun.recipe.load import Loaded

SMALL, SLOW = 60.0, 150.0
"""Seconds for a recipe whose short trainings take little time, and for others."""


@dataclass(frozen=True)
class Watch:
    """Who is told how far a diagnosis is.

    Args:
        part: of each part of the evidence as it begins.
        trainings: of trainings done and trainings in all.
    """

    part: Callable[[str], None] = lambda name: None
    trainings: Callable[[int, int], None] = lambda done, total: None


def diagnose(
    loaded: Loaded,
    confirm: bool = False,
    budget: float | None = None,
    watch: Watch | None = None,
    before: tuple[Finding, ...] = (),
) -> tuple[Verdict, Loaded]:
    """Find out why a recipe trains badly, if it does.

    Args:
        confirm: train briefly with each suggested edit, and keep what helps.
        budget: seconds for that; None: what suits the recipe.
        before: what an earlier run of the recipe showed.

    Returns:
        The verdict, and the short recipe that all trainings start from.

    Raises:
        TrickrunError: the recipe cannot become a job.
    """
    watch = watch or Watch()
    started = time.monotonic()
    with one_thread():
        short = shorten(loaded)
        evidence = gather(short, not confirm, watch.part)
    evidence.findings += before
    tried: Tried | None = None
    if confirm:
        deadline = started + (budget or SMALL)
        tried = edits_tried(short, evidence, Arms(short, deadline, watch.trainings))
    findings = conclude(short, evidence, tried)
    return verdict_of(findings, evidence, tried), short.recipe


def edits_tried(short: Short, evidence: Evidence, arms: Arms) -> Tried:
    """Return what training with edits shows."""
    signal = evidence.probe.signal if evidence.probe else None
    found = candidates(short, evidence.findings, signal.input_std if signal else 1.0)
    return try_edits(arms, found, max(evidence.reference.values(), default=0.0))


def conclude(short: Short, evidence: Evidence, tried: Tried | None) -> list[Finding]:
    """Return the findings, best first."""
    standing = standing_of(short, evidence, tried)
    if tried is None:
        return without_trying(evidence.findings, standing)
    causes = [
        Cause(c.path, c.edit, c.code, c.name, c.why, tried.effects[c.label]) for c in tried.causes
    ]
    harmful = [
        tried.candidates[label].edit
        for label, effect in tried.effects.items()
        if effect.gain < -HARMS
    ]
    findings = with_what_was_tried(evidence.findings, causes, harmful, standing)
    if not causes and (standing.poor or standing.hopeless):
        findings.append(nothing_helps(standing, len(tried.screened), suspect(short)))
    return findings


def standing_of(short: Short, evidence: Evidence, tried: Tried | None) -> Standing:
    """Return how well the recipe does as it is, by all of its short trainings."""
    probe = evidence.probe
    skills = list(tried.base.skills.values()) if tried else []
    level = fmean(skills) if skills else probe.val if probe else 0.0
    reachable = max([level, *evidence.reference.values(), tried.reachable if tried else 0.0])
    error = standard_error(reachable, short.data)
    known = bool(skills) or probe is not None
    return Standing(level, reachable, error, probe.train if probe else level, known)


def suspect(short: Short) -> str:
    """Return where to look when nothing helps: the user's code, or else the data."""
    recipe = short.loaded.recipe
    parts = (recipe.train.step, recipe.model, recipe.loss, recipe.data)
    targets = [part.target for part in parts if isinstance(part, PythonTarget)]
    return targets[0] if targets else "the data"


def verdict_of(findings: list[Finding], evidence: Evidence, tried: Tried | None) -> Verdict:
    """Return the verdict: fail if there is an error, warn if there is a warning."""
    severities = {finding.severity for finding in findings}
    result: dict[str, Any] = {
        "skill": evidence.probe.val if evidence.probe else None,
        "reference": max(evidence.reference.values(), default=None),
        "failed": evidence.failed,
        "tried": tried.as_json() if tried else None,
        "part_seconds": evidence.seconds,
    }
    return Verdict(
        "fail" if "error" in severities else "warn" if "warning" in severities else "pass",
        result,
        tuple(findings),
        sentence(findings, tried),
        {"evidence": evidence.as_json()},
    )


def sentence(findings: list[Finding], tried: Tried | None) -> str:
    """Return the conclusion in words."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return "nothing is wrong with this recipe that would keep it from training well"
    first = errors[0]
    text = f"the cause is most likely: {first.name} ({first.where})"
    if first.confirmed is not None:
        before, after = first.confirmed["before"], first.confirmed["after"]
        text += f"; with the edit the skill goes from {before:.2f} to {after:.2f}"
    return text
