"""What a checklist tells at its end: the findings of all its steps as stories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trickrun.checks.checklist.context import MENDING, StepOutcome, edits_of
from trickrun.findings.finding import Finding
from trickrun.findings.rules.chance import BEHIND, CODE
from trickrun.findings.stories import clash, merged, stories, told_first
from trickrun.recipe.text.command_line import typed

JUDGES = ("lr-find", "grid coarse", "grid fine", "curves")
"""Steps that say how much the network learns. What a later one reaches is what holds: a network
that starts late learns nothing in a range test, and well in a whole run."""


def of_all_steps(
    done: Sequence[StepOutcome],
    known: Sequence[Finding],
    compared: Sequence[Mapping[str, Any]] = (),
    kept: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Return the findings of the steps ``done``, causes first, each symptom with the code of the
    cause that explains it.

    What a step mended explains nothing that was measured after that, and comes last.

    Args:
        known: what recipe and data show by themselves.
        compared: the edits of each entry of the contest. It has decided about what they change, so
            that no finding's edit of that is left to make.
        kept: those of its winner; None: there was no contest.
    """
    found = [(step, finding) for step in done for finding in standing(step, done)]
    places = [(finding.code, finding.where) for _, finding in found]

    def of_steps(finding: Finding) -> bool:
        return (finding.code, finding.where) in places

    mends = edits_of(step for step in done if step.name in MENDING)
    last = max((i for i, s in enumerate(done) if s.name in MENDING and s.edits), default=-1)
    before = done[: last + 1]
    early = [finding for step, finding in found if step in before]
    mended = [
        finding
        for story in stories(merged([*known, *early], known) if mends else ())
        if story.cause.edit and same_part(story.cause.edit, mends) and of_steps(story.cause)
        for finding in story.findings
    ]
    gone = [(finding.code, finding.where) for finding in mended]
    left = [finding for finding in known if (finding.code, finding.where) not in gone]
    others = [f for step, f in found if step not in before or (f.code, f.where) not in gone]
    told = [*told_first(merged([*left, *others], left), of_steps), *mended]
    told.sort(key=lambda finding: finding.severity == "info")
    return [decided(finding, compared, kept) for finding in told]


def standing(step: StepOutcome, done: Sequence[StepOutcome]) -> Iterator[Finding]:
    """Yield a step's findings, without what a later step overtook: that the network learned too
    little is told by the last one that found so, if none learned more after it."""
    later = done[done.index(step) + 1 :]
    learned = any(each.name in JUDGES and each.verdict != "fail" for each in later)
    for row in step.findings:
        again = any(row["code"] == other["code"] for each in later for other in each.findings)
        if row["code"] not in (CODE, BEHIND) or not (learned or again):
            yield Finding(**row)


def decided(
    finding: Finding, compared: Sequence[Mapping[str, Any]], kept: Mapping[str, Any] | None
) -> Finding:
    """Return a finding without its edit if the contest has decided about what that changes."""
    edit = finding.edit
    if kept is None or not edit:
        return finding
    if not any(same_part(edit, other) for other in (*compared, kept)):
        return finding
    about = {path: value for path, value in kept.items() if same_part(edit, {path: value})}
    said = f"has {typed(about)}" if about else f"keeps {', '.join(edit)}: no other was better"
    return replace(finding, edit=None, why=f"{finding.why} The tuned recipe {said}.")


def same_part(edit: dict[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two edits change the same part of a recipe."""
    return not edit.keys().isdisjoint(other.keys()) or clash(edit, dict(other))
