"""From the evidence and the trainings with edits to the verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import Any, Literal

from trickrun.checks.diagnosis.gather import WORDS, Evidence
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.skill import standard_error
from trickrun.checks.diagnosis.trainings import Tried
from trickrun.findings.conclusion import (
    HARMS,
    Cause,
    Standing,
    certain,
    is_leak,
    leaks_placed,
    unexplained,
    with_what_was_tried,
    without_trying,
)
from trickrun.findings.confidence import TRIED, UNDECIDED, UNTRIED, Standpoint, confidence
from trickrun.findings.finding import Finding, changes_loss
from trickrun.findings.rules.data.alignment import MISPLACED
from trickrun.findings.rules.data.targets import CONSTANT_TARGET
from trickrun.findings.stories import explains
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.params import PythonTarget


def conclude(proxy: ProxyRun, evidence: Evidence, tried: Tried | None) -> list[Finding]:
    """Return the findings, best first; the confidence of the first, if it is an error, is the share
    of the time that such a cause is right."""
    found = best_first(proxy, evidence, tried)
    if not found or found[0].severity != "error":
        return found
    view = standpoint_of(found[0], proxy, evidence, tried)
    sure = confidence(view, UNTRIED if tried is None else TRIED)
    return [replace(found[0], confidence=round(sure, 2)), *found[1:]]


def best_first(proxy: ProxyRun, evidence: Evidence, tried: Tried | None) -> list[Finding]:
    """Return the findings in order, as sure as the rules that found them are."""
    if tried is not None and not tried.base.results:
        tried = None  # nothing to compare with, so that nothing is known of any edit
    standing = standing_of(proxy, evidence, tried)
    findings = in_order(proxy, evidence, tried, standing)
    if tried is None and not any(map(is_leak, findings)):
        return causes_first(findings, evidence.known)
    return leaks_placed(findings, standing.poor)


def causes_first(findings: list[Finding], known: list[Finding]) -> list[Finding]:
    """Return the findings with the first error in front or, if it was measured, the cause that
    explains it, as grave as that.

    Args:
        known: those among them that recipe and data show by themselves.
    """
    error = next((finding for finding in findings if finding.severity == "error"), None)
    if error is None:
        return findings
    foretold = any((f.code, f.where) == (error.code, error.where) for f in known)
    # A warning is no likelier than an error that names an edit of its own.
    grave = [f for f in findings if f.severity == "error" or error.edit is None]
    causes = [] if foretold else [f for f in grave if explains(f, error)]
    first = causes[0] if causes else error
    return [replace(first, severity="error"), *(f for f in findings if f is not first)]


def standpoint_of(
    first: Finding, proxy: ProxyRun, evidence: Evidence, tried: Tried | None
) -> Standpoint:
    """Return what speaks for the first finding, as ``best_first`` gives it."""
    view = Standpoint(
        certain=certain(first),
        confirmed=False,
        closes=0.0,
        likelihood=first.confidence,
        told=any(finding.code == first.code for finding in evidence.weighed),
        own_network=proxy.loaded.recipe.model.is_user_code,
    )
    proved = [c for c in tried.causes if c.edit == first.edit] if tried and first.confirmed else []
    if tried is None or not proved:
        return view
    effect = tried.effects[proved[0].label]
    closes = effect.gain / max(tried.reachable - effect.before, 1e-9)
    return replace(view, confirmed=True, closes=closes, likelihood=effect.likelihood)


def in_order(
    proxy: ProxyRun, evidence: Evidence, tried: Tried | None, standing: Standing
) -> list[Finding]:
    """Return the findings, best first. Where all targets are alike, the rest follows from it, and
    much of it where they stand beside other rows."""
    alike = [finding for finding in evidence.weighed if finding.name == CONSTANT_TARGET]
    if alike:
        return alike[:1]
    if tried is None:
        findings, causes = without_trying(evidence.weighed, standing), []
    else:
        causes = causes_of(tried)
        findings = with_what_was_tried(
            evidence.weighed, causes, harmful(tried), standing, without_effect(tried)
        )
    moved = [finding for finding in findings if finding.code == MISPLACED and certain(finding)]
    if moved:
        return [*moved, *(finding for finding in findings if finding not in moved)]
    # Without edits to try, only that nobody can learn from the data is known.
    helpless = standing.hopeless or (tried is not None and standing.behind)
    if causes or not helpless:
        return findings
    recipe = proxy.loaded.recipe
    samples = str(getattr(recipe.data, "target", "")) if recipe.data.is_user_code else "data"
    last = unexplained(
        standing, *counts_of(tried), suspect(proxy), recipe.model.is_user_code, samples
    )
    if not (standing.poor or standing.hopeless):
        return [*findings, last]
    sure = [f for f in findings if certain(f) or (f.severity == "error" and f.edit is not None)]
    if not standing.hopeless and any(not certain(finding) for finding in sure):
        return findings  # these were not tried: no claim that nothing helps
    first = [finding for finding in sure if certain(finding) or not standing.hopeless]
    return [*first, last, *(finding for finding in findings if finding not in first)]


def counts_of(tried: Tried | None) -> tuple[int, int]:
    """Return how many edits were tried, and how many had no time."""
    return (len(tried.screened), tried.untried) if tried else (0, 0)


def causes_of(tried: Tried) -> list[Cause]:
    """Return the edits that helped, likeliest cause first."""
    found = []
    for c in tried.causes:
        effect, raises = tried.effects[c.label], tried.raises.get(c.label, ())
        found.append(Cause(c.path, c.edit, c.code, c.name, c.why, effect, c.together, raises))
    return found


def harmful(tried: Tried) -> list[dict[str, Any]]:
    """Return the edits that did harm."""
    return [
        tried.candidates[label].edit
        for label, effect in tried.effects.items()
        if effect.gain < -HARMS
    ]


def without_effect(tried: Tried) -> list[dict[str, Any]]:
    """Return the edits that were tried and did not help."""
    helping = {label for label, effect in tried.effects.items() if effect.helps}
    return [edit for label, edit in tried.edits.items() if label not in helping]


def standing_of(proxy: ProxyRun, evidence: Evidence, tried: Tried | None) -> Standing:
    """Return how well the recipe does as it is: by its whole training, if there was one, or by all
    of its short ones."""
    probe = evidence.probe
    skills = list(tried.base.results.values()) if tried else []
    level = fmean(skills) if skills else probe.val if probe else 0.0
    longer = [evidence.trained, tried.at_length if tried else None]
    at_length = max([skill for skill in longer if skill is not None], default=-math.inf)
    level = max(level, at_length)
    others = [*evidence.reference.values(), evidence.elsewhere or 0.0]
    reachable = max([level, *others, tried.reachable if tried else 0.0])
    error = standard_error(reachable, proxy.data)
    known = bool(skills) or probe is not None
    training = probe.train if probe else level
    learners, edits = bool(evidence.reference), tried is not None
    whole = proxy.span.steps <= proxy.steps or at_length > -math.inf or not edits
    return Standing(level, reachable, error, training, known, learners, edits, whole, at_length)


def suspect(proxy: ProxyRun) -> str:
    """Return where to look when nothing helps: the user's code, or else the data. A network comes
    first, as no edit replaces it by another of its kind."""
    recipe = proxy.loaded.recipe
    parts = (recipe.model, recipe.train.step, recipe.loss, recipe.data)
    targets = [part.target for part in parts if isinstance(part, PythonTarget)]
    return targets[0] if targets else "the data"


def verdict_of(
    findings: list[Finding], evidence: Evidence, tried: Tried | None, series: dict[str, Any]
) -> Verdict:
    """Return the verdict: fail if there is an error, warn if there is a warning.

    Args:
        series: all that was measured, as plain data.
    """
    severities = {finding.severity for finding in findings}
    result: dict[str, Any] = {
        "skill": evidence.probe.val if evidence.probe else None,
        "reference": max(evidence.reference.values(), default=None),
        "failed": evidence.failed,
        "left_out": left_out(evidence, tried),
        "undecided": undecided(findings),
        "tried": tried.as_json() if tried else None,
        "part_seconds": evidence.seconds,
    }
    grave: Literal["pass", "warn", "fail"]
    grave = "fail" if "error" in severities else "warn" if "warning" in severities else "pass"
    if grave == "pass" and "training" in evidence.left_out:
        told = "found nothing wrong, but there was no time for a short training"
        return Verdict("warn", result, tuple(findings), told, series)
    return Verdict(grave, result, tuple(findings), sentence(findings, tried), series)


def left_out(evidence: Evidence, tried: Tried | None) -> list[str]:
    """Return what there was no time for, in words."""
    parts = [WORDS[name] for name in evidence.left_out]
    if tried is None:
        return parts
    return [
        *parts,
        *([f"{counted(tried.untried, 'edit')} not tried"] if tried.untried else []),
        *(f"the proof of {label}" for label in tried.unproven),
    ]


def undecided(findings: list[Finding]) -> dict[str, Any] | None:
    """Return the two causes that cannot be told apart, as codes, and the edit after which a
    diagnosis would tell; None if the first is sure enough or has no rival."""
    first = findings[0] if findings else None
    rivals = [
        f
        for f in findings[1:]
        if f.edit and f.severity != "info" and first is not None and f.explained_by != first.code
    ]
    if first is None or first.severity != "error" or first.confidence >= UNDECIDED or not rivals:
        return None
    names = [f"{f.code} {f.name} ({f.where})" for f in (first, rivals[0])]
    return {"between": names, "edit": first.edit or rivals[0].edit}


def without_errors(findings: list[Finding], tried: Tried | None) -> str:
    """Return the conclusion where nothing is an error."""
    warnings = [finding for finding in findings if finding.severity == "warning"]
    if not warnings:
        return "nothing in this recipe keeps it from training well"
    better = [finding for finding in warnings if finding.code == "TR90"]
    if better:
        skill, reachable = (better[0].evidence[key] for key in ("skill", "reachable"))
        return f"it trains to a skill of {skill:.2f}, but {reachable:.2f} can be reached"
    count = "one thing is" if len(warnings) == 1 else f"{len(warnings)} things are"
    text = f"it trains well enough; {count} worth a look, first: {warnings[0].name}"
    if tried is not None and warnings[0].confirmed is not None:
        before, after = warnings[0].confirmed["before"], warnings[0].confirmed["after"]
        text += f" (the edit raises the skill from {before:.2f} to {after:.2f})"
    return text


def sentence(findings: list[Finding], tried: Tried | None) -> str:
    """Return the conclusion in words."""
    if not any(finding.severity == "error" for finding in findings):
        return without_errors(findings, tried)
    # As grave as the gravest thing that it explains.
    first, doubt = findings[0], undecided(findings)
    if doubt is not None:
        return "cannot tell between " + " and ".join(doubt["between"])
    sure = f"{first.confidence:.0%} sure"
    text = f"the cause is most likely: {first.name} ({first.where}), {sure}"
    if first.confirmed is not None and (tried is not None or not changes_loss(first.edit)):
        before, after = first.confirmed["before"], first.confirmed["after"]
        measure = "skill" if tried is not None else "loss"
        text += f"; the edit changes the {measure} from {before:.3g} to {after:.3g}"
    return text
