"""Causes before symptoms: which findings explain which others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from trickrun.findings.faults import CATALOGUE
from trickrun.findings.finding import SEVERITIES, Finding, Severity

EXPLAINS: dict[str, frozenset[str]] = {
    code: frozenset(fault.explains) for code, fault in CATALOGUE.items() if fault.explains
}
"""From a fault to what it can bring about. Faults of the data come before those of the loss, these
before the init's, the init's before those of the steps: the table has no circle, and what stands
further on may itself be explained by what stands before."""

CONFIDENT = 0.5
"""Confidence from which on a warning may explain an error."""


def consequences(code: str) -> frozenset[str]:
    """Return what a fault can bring about, directly or through others."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        new = EXPLAINS.get(waiting.pop(), frozenset()) - found
        found |= new
        waiting += new
    return frozenset(found)


def without_symptoms(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without those that an error among them explains.

    Their own edits would mislead: a lower learning rate does not mend a constant init.
    """
    found = list(findings)
    explained = {
        code for f in found if f.severity == "error" for code in EXPLAINS.get(f.code, frozenset())
    }
    return [finding for finding in found if finding.code not in explained]


def symptoms_of(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return the codes of the causes among ``findings``, each with the codes that it explains.

    A symptom stands under every cause that may have brought it about. A remark (info), or a
    warning that is hardly sure of itself, explains nothing.
    """
    found = list(findings)
    codes = {finding.code for finding in found}
    able = {f.code for f in found if f.severity == "error" or may_explain(f)}
    reach = {code: consequences(code) & codes for code in able}
    explained = frozenset[str]().union(*reach.values())
    roots = dict.fromkeys(finding.code for finding in found if finding.code not in explained)
    return {root: sorted(reach.get(root, ())) for root in roots}


def may_explain(finding: Finding) -> bool:
    return finding.severity == "warning" and finding.confidence >= CONFIDENT


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, causes before symptoms.

    A cause is as grave as the gravest thing that it explains: inputs of wrong scale are a mere
    warning until the gradients explode. Equally grave ones go by confidence, then by how much they
    explain. Of findings with the same code and place, only the gravest and surest is kept.
    """
    return by_rank(distinct(findings))


def by_rank(
    found: Sequence[Finding], first: Callable[[Finding], bool] = lambda _: False
) -> list[Finding]:
    """Return findings in the order that ``ranked`` describes, all of them.

    Args:
        first: whether a cause comes before equally grave ones.
    """
    symptoms = symptoms_of(found)
    gravity: dict[str, int] = {}
    for finding in found:
        here = SEVERITIES.index(finding.severity)
        gravity[finding.code] = min(here, gravity.get(finding.code, here))

    def rank(finding: Finding) -> tuple[bool, int, bool, float, int]:
        below = symptoms.get(finding.code, [])
        # Only a finding that is able to explain anything has symptoms.
        gravest = min([gravity[finding.code], *(gravity[code] for code in below)])
        explained = finding.code not in symptoms
        return explained, gravest, not first(finding), -finding.confidence, -len(below)

    return sorted(found, key=rank)


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding for each code and place: one that was confirmed, else the gravest and
    then the surest. It is as grave as the gravest of them."""
    same: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        same.setdefault((finding.code, finding.where), []).append(finding)
    return [
        replace(min(group, key=own_rank), severity=gravest(group) or "info")
        for group in same.values()
    ]


def own_rank(finding: Finding) -> tuple[bool, int, float]:
    return finding.confirmed is None, SEVERITIES.index(finding.severity), -finding.confidence


def gravest(findings: Sequence[Finding]) -> Severity | None:
    """Return the gravest severity among ``findings``; None if there are none."""
    known = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in known), None)
