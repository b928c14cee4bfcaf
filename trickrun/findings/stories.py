"""Stories: a cause, the symptoms that it explains, and the one edit to make.

Whatever shows findings (before a training, at its end, of its curves, of a diagnosis) tells them
as stories, so that no two of them advise different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from trickrun.findings.finding import SEVERITIES, Finding, Severity
from trickrun.findings.rank import by_rank, consequences, distinct, may_explain


@dataclass(frozen=True)
class Story:
    """Findings that are told as one.

    Args:
        cause: what explains the others.
        symptoms: what it explains. Their own edits are not to be made.
        edit: what to change, recipe path to value; None if the cause has no edit, or a story that
            is told before this one changes the same part.
    """

    cause: Finding
    symptoms: tuple[Finding, ...]
    edit: dict[str, Any] | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.cause, *self.symptoms

    @property
    def severity(self) -> Severity:
        """That of the gravest of its findings."""
        return min((f.severity for f in self.findings), key=SEVERITIES.index)


def merged(
    findings: Iterable[Finding], known: Iterable[Finding] = (), in_order: bool = False
) -> list[Finding]:
    """Return findings from several looks at one training, causes first, each symptom with the code
    of the cause that explains it.

    Of equally grave causes, what was known before a run comes before what the run shows: that was
    measured with the fault in it, and may be gone once it is mended.

    Args:
        known: those among them that the recipe and its data show by themselves. They explain what
            was measured; each is a fault of its own, which nothing else explains.
        in_order: the order is given, as by the proof of a diagnosis: only what stands before a
            finding explains it.
    """
    stated = {(finding.code, finding.where) for finding in known if not is_seen(finding)}

    def foretold(finding: Finding) -> bool:
        return (finding.code, finding.where) in stated and not is_seen(finding)

    found = list(findings)
    if not in_order:
        first = distinct(finding for finding in found if foretold(finding))
        others = distinct(finding for finding in found if not foretold(finding))
        found = by_rank([*first, *others], lambda finding: foretold(finding) and able(finding))

    def follows(place: int, cause: int) -> bool:
        """Whether the finding at ``place`` follows from the one at ``cause``."""
        one, other = found[cause], found[place]
        earlier = cause < place
        if (in_order and not earlier) or one is other or not able(one):
            return False
        if earlier and nested(one, other):
            return True
        alike = one.code == other.code and foretold(one)
        return not foretold(other) and (alike or other.code in consequences(one.code))

    places = range(len(found))
    causes = [p for p in places if not any(follows(p, cause) for cause in places)]

    def root(place: int) -> str | None:
        if place in causes:
            return None
        return next((found[cause].code for cause in causes if follows(place, cause)), None)

    told = [replace(found[place], explained_by=root(place)) for place in places]
    return told if in_order else sorted(told, key=lambda finding: finding.explained_by is not None)


def explains(cause: Finding, finding: Finding) -> bool:
    """Return whether a measured finding follows from ``cause``, as the catalogue has it."""
    return able(cause) and finding.code in consequences(cause.code)


def able(cause: Finding) -> bool:
    """Whether a finding can explain another: a remark, or a warning that is hardly sure of itself,
    cannot."""
    return cause.severity == "error" or may_explain(cause)


def nested(cause: Finding, finding: Finding) -> bool:
    """Whether two findings are one: the same fault, of a part and of a part of that."""
    places = (f"{cause.where}.", f"{finding.where}.")
    inside = places[0].startswith(places[1]) or places[1].startswith(places[0])
    return cause.code == finding.code and inside and cause.where != finding.where


def is_seen(finding: Finding) -> bool:
    """Return whether a finding is of what runs did, rather than foretold."""
    return of_curves(finding) or "first_steps" in finding.evidence


def of_curves(finding: Finding) -> bool:
    """Return whether a finding is of the curves of runs."""
    return bool({"run", "runs"} & finding.evidence.keys())


def stories(findings: Iterable[Finding]) -> list[Story]:
    """Return merged findings as stories. A symptom belongs to the last cause before it that it
    names, so that findings about several runs can follow each other."""
    told: list[tuple[Finding, list[Finding]]] = []
    for finding in findings:
        code = finding.explained_by
        symptoms = next((below for cause, below in reversed(told) if cause.code == code), None)
        if symptoms is None:
            told.append((finding, []))
        else:
            symptoms.append(finding)
    made: list[dict[str, Any]] = []
    found = []
    for cause, below in told:
        edit = None if any(clash(cause.edit, other) for other in made) else cause.edit
        made += [edit] if edit else []
        found.append(Story(cause, tuple(below), edit))
    return found


def seen(findings: Iterable[Finding]) -> list[Finding]:
    """Return, of merged findings, what is told of the curves of runs; see ``told_first``."""
    return told_first(findings, of_curves)


def told_first(findings: Iterable[Finding], shown: Callable[[Finding], bool]) -> list[Finding]:
    """Return, of merged findings, the stories of those that are ``shown``, and those that come
    before their advice: errors, and what stands before the first grave story of them."""
    told = stories(findings)
    concerned = [any(map(shown, story.findings)) for story in told]
    grave = (i for i, story in enumerate(told) if concerned[i] and story.severity != "info")
    before = next(grave, 0)
    kept = (
        story
        for place, story in enumerate(told)
        if concerned[place] or place < before or story.severity == "error"
    )
    return [finding for story in kept for finding in story.findings]


def clash(edit: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    """Return whether two edits cannot both be made: they set one part to different values."""
    return any(
        (path == changed and value != other[changed])
        or path.startswith(f"{changed}.")
        or changed.startswith(f"{path}.")
        for path, value in (edit or {}).items()
        for changed in other
    )
