"""From the evidence and the trainings with edits to the verdict."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from trickrun.checks.diagnosis.gather import Evidence
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.skill import standard_error
from trickrun.checks.diagnosis.trainings import Tried
from trickrun.findings.conclusion import (
    HARMS,
    Cause,
    Standing,
    certain,
    leaks_first,
    unexplained,
    with_what_was_tried,
    without_trying,
)
from trickrun.findings.finding import Finding, changes_loss
from trickrun.findings.rules.data.targets import CONSTANT_TARGET
from trickrun.findings.verdict import Verdict
from trickrun.params import PythonTarget


def conclude(proxy: ProxyRun, evidence: Evidence, tried: Tried | None) -> list[Finding]:
    """Return the findings, best first; leaks before all others."""
    return leaks_first(by_training(proxy, evidence, tried))


def by_training(proxy: ProxyRun, evidence: Evidence, tried: Tried | None) -> list[Finding]:
    """Return the findings, best first. Where all targets are alike, the rest follows from it."""
    alike = [finding for finding in evidence.findings if finding.name == CONSTANT_TARGET]
    if alike:
        return alike[:1]
    standing = standing_of(proxy, evidence, tried)
    if tried is None:
        findings, causes = without_trying(evidence.findings, standing), []
    else:
        causes = causes_of(tried)
        findings = with_what_was_tried(
            evidence.findings, causes, harmful(tried), standing, without_effect(tried)
        )
    # Without edits to try, only that nobody can learn from the data is known.
    helpless = standing.hopeless or (tried is not None and standing.poor)
    if causes or not helpless:
        return findings
    sure = [f for f in findings if certain(f) or (f.severity == "error" and f.edit is not None)]
    if not standing.hopeless and any(not certain(finding) for finding in sure):
        return findings  # these were not tried: no claim that nothing helps
    counts = (len(tried.screened), tried.untried) if tried else (0, 0)
    last = unexplained(standing, *counts, suspect(proxy))
    first = [finding for finding in sure if certain(finding) or not standing.hopeless]
    return [*first, last, *(finding for finding in findings if finding not in first)]


def causes_of(tried: Tried) -> list[Cause]:
    """Return the edits that helped, likeliest cause first."""
    return [
        Cause(c.path, c.edit, c.code, c.name, c.why, tried.effects[c.label], c.together)
        for c in tried.causes
    ]


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
    at_length = tried.at_length if tried else None
    level = max([level, *(skill for skill in (evidence.trained, at_length) if skill is not None)])
    reachable = max([level, *evidence.reference.values(), tried.reachable if tried else 0.0])
    error = standard_error(reachable, proxy.data)
    known = bool(skills) or probe is not None
    training = probe.train if probe else level
    learners = bool(evidence.reference)
    return Standing(level, reachable, error, training, known, learners, tried is not None)


def suspect(proxy: ProxyRun) -> str:
    """Return where to look when nothing helps: the user's code, or else the data."""
    recipe = proxy.loaded.recipe
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
    if not any(finding.severity == "error" for finding in findings):
        return "nothing is wrong with this recipe that would keep it from training well"
    # As grave as the gravest thing that it explains.
    first = findings[0]
    text = f"the cause is most likely: {first.name} ({first.where})"
    if first.confirmed is not None and (tried is not None or not changes_loss(first.edit)):
        before, after = first.confirmed["before"], first.confirmed["after"]
        measure = "skill" if tried is not None else "loss"
        text += f"; with the edit the {measure} goes from {before:.3g} to {after:.3g}"
    return text
