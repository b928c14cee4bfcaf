"""Causes before symptoms: which findings explain which others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from trickrun.findings.finding import Finding, Severity

STUCK = ("TR36", "TR54", "TR55", "TR61", "TR62", "TR70", "TR73")
"""What a network that learns slowly or not at all shows."""

WILD = ("TR35", "TR41", "TR57", "TR60", "TR64")
"""What a network whose steps are too large shows."""

SIGNAL = ("TR20", "TR23", "TR40", "TR42", "TR43", "TR44")
"""What a signal of wrong size shows on its way through the layers."""

OVERFIT = ("TR09", "TR51", "TR56", "TR63")
"""What a split shows that is unlike the training data, or too small."""

EXPLAINS: dict[str, frozenset[str]] = {
    code: frozenset(symptoms)
    for code, symptoms in {
        # Data
        "TR01": (*SIGNAL, *WILD, *STUCK, "TR50"),
        "TR02": (*SIGNAL, *STUCK, "TR14"),
        "TR03": (*OVERFIT, "TR47"),
        "TR04": ("TR14", *STUCK),
        "TR05": (*SIGNAL, *WILD),
        "TR06": (*SIGNAL, *WILD, *STUCK, "TR24", "TR50", "TR71"),
        "TR07": ("TR24", "TR61", "TR62"),
        "TR08": ("TR09",),
        "TR10": (*OVERFIT, *STUCK, "TR14"),
        "TR12": ("TR07", "TR24", "TR20"),
        "TR13": (*STUCK, "TR06", "TR20", "TR24"),
        "TR14": (*STUCK, "TR45"),
        "TR15": ("TR61", "TR62", "TR73"),
        "TR17": (*OVERFIT, *STUCK, *WILD),
        "TR18": ("TR09", *STUCK),
        "TR99": (*OVERFIT, *STUCK, "TR10", "TR14"),
        "TR103": STUCK,
        "TR109": (*STUCK, "TR04", "TR10", "TR14"),
        # Loss and head
        "TR21": (*WILD, *STUCK, "TR20", "TR43", "TR50"),
        "TR25": (*SIGNAL, *WILD, *STUCK),
        "TR26": (*SIGNAL, *STUCK),
        "TR27": (*SIGNAL, *STUCK, "TR14", "TR45", "TR76"),
        "TR28": (*SIGNAL, *STUCK, "TR24", "TR45"),
        "TR29": (*SIGNAL, *STUCK, "TR45"),
        "TR30": (*SIGNAL, *WILD, *STUCK),
        "TR32": (*STUCK, *OVERFIT, "TR14", "TR20", "TR26", "TR96"),
        "TR96": (*SIGNAL, *WILD, *STUCK, "TR14"),
        # Init, network
        "TR22": (*SIGNAL, *STUCK, "TR14", "TR35", "TR45"),
        "TR23": ("TR20", "TR40", "TR42", "TR43", "TR44", *WILD, *STUCK),
        "TR24": ("TR55", "TR61"),
        "TR40": (*STUCK, "TR44", "TR45"),
        "TR41": ("TR44", "TR57", "TR60", "TR61", "TR64"),
        "TR42": ("TR35", *STUCK, "TR40", "TR44", "TR45"),
        "TR43": (*STUCK, "TR40", "TR44", "TR45"),
        "TR45": (*STUCK, "TR76"),
        "TR48": (*WILD, *STUCK, "TR09", "TR47"),
        "TR52": ("TR54", "TR61", "TR62", "TR70", "TR73"),
        "TR53": (*SIGNAL, *STUCK),
        "TR58": ("TR09", "TR47"),
        "TR104": STUCK,
        "TR105": (*SIGNAL, *STUCK, "TR45"),
        # Steps
        "TR33": (*WILD, *STUCK, "TR34"),
        "TR34": (*WILD, *STUCK),
        "TR35": ("TR14", "TR41", "TR43", "TR44", "TR54", "TR57", "TR60", "TR61", "TR62", "TR64",
                 "TR70", "TR73"),
        "TR36": ("TR54", "TR55", "TR61", "TR62", "TR70", "TR73"),
        "TR39": (*WILD, *STUCK),
        "TR46": (*WILD, *STUCK, "TR74"),
        "TR71": (*STUCK, "TR45"),
        "TR72": (*STUCK, "TR40"),
        "TR75": (*STUCK, "TR45"),
        "TR74": (*WILD, "TR55", "TR61", "TR62", "TR73"),
        "TR95": (*WILD, *STUCK),
        # Regularization, length
        "TR49": ("TR61", "TR62", "TR73"),
        "TR50": (*STUCK, "TR40", "TR44"),
        "TR51": ("TR55", "TR62"),
        "TR56": ("TR55", "TR62"),
        "TR55": ("TR62", "TR63"),
        "TR54": ("TR62", "TR73"),
        "TR60": ("TR61", "TR62", "TR73"),
        "TR61": ("TR62",),
        "TR86": ("TR20", "TR24", "TR94"),
        "TR94": ("TR20", "TR24", "TR55", "TR61", "TR62", "TR73"),
        "TR93": ("TR55", "TR61", "TR62", "TR66"),
        "TR106": ("TR55", "TR61", "TR62", "TR66"),
    }.items()
}  # fmt: skip
"""From a fault to what it can bring about. Faults of the data come before those of the loss, these
before the init's, the init's before those of the steps: the table has no circle, and what stands
further on may itself be explained by what stands before."""

CONFIDENT = 0.5
"""Confidence from which on a warning may explain an error."""

SEVERITIES = ("error", "warning", "info")


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
    found = distinct(findings)
    symptoms = symptoms_of(found)
    gravity: dict[str, int] = {}
    for finding in found:
        here = SEVERITIES.index(finding.severity)
        gravity[finding.code] = min(here, gravity.get(finding.code, here))

    def rank(finding: Finding) -> tuple[bool, int, float, int]:
        below = symptoms.get(finding.code, [])
        # Only a finding that is able to explain anything has symptoms.
        gravest = min([gravity[finding.code], *(gravity[code] for code in below)])
        return finding.code not in symptoms, gravest, -finding.confidence, -len(below)

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
