"""Which edits of a diagnosis help a module: it trains briefly with and without each, on copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from trickrun.checks.module_subject import WORDS, ModuleSubject
from trickrun.checks.objects.search import METRIC, shortened, trial
from trickrun.errors import TrickrunError
from trickrun.findings.finding import Finding, changes_loss
from trickrun.recipe.text.command_line import typed
from trickrun.run.pace import Pace

SEEDS = 3
"""Seeds that each training is repeated with: other weights, other batches."""

MOST = 5
"""Edits that are tried, causes first."""

LEAST = 0.1
"""Share of the loss that an edit must take away, for every seed. Own: other seeds move the loss of
a short training by a few percent, and another learning rate nearly always helps a little."""


@dataclass(frozen=True)
class TriedEdit:
    """An edit and the trainings with it.

    Args:
        before, after: mean of the lowest losses without and with it; infinite if one diverged.
        helps: whether each seed's loss is lower by LEAST with it.
    """

    edit: dict[str, Any]
    before: float
    after: float
    helps: bool


@dataclass(frozen=True)
class Confirmed:
    """What was tried.

    Args:
        findings: with what their edits did; those whose edit helps first.
        tried: in the order of the findings.
        not_tried: why the other edits were not, by the edit as it is typed.
        metric: val_loss; train_loss if there are no validation samples.
    """

    findings: list[Finding]
    tried: list[TriedEdit]
    not_tried: dict[str, str]
    metric: str

    def as_json(self) -> dict[str, Any]:
        """Return the trainings as plain data."""
        return {
            "metric": self.metric,
            "tried": [asdict(one) for one in self.tried],
            "not_tried": self.not_tried,
        }


def confirmed(subject: ModuleSubject, findings: Sequence[Finding], pace: Pace) -> Confirmed:
    """Train with the edits of findings, and return which help."""
    tried: list[TriedEdit] = []
    not_tried: dict[str, str] = {}
    base = losses(subject, {})
    for finding in findings:
        if finding.edit is None or finding.severity == "info":
            continue
        if any(one.edit == finding.edit for one in tried):
            continue
        why = reason(finding.edit, len(tried), pace)
        if not why:
            try:
                tried.append(compared(finding.edit, base, losses(subject, finding.edit)))
            except TrickrunError as error:
                why = str(error)
        if why:
            not_tried[typed(finding.edit)] = why
    return Confirmed(
        in_order([told(finding, tried) for finding in findings], tried),
        tried,
        not_tried,
        METRIC if subject.val is not None else "train_loss",
    )


def reason(edit: dict[str, Any], count: int, pace: Pace) -> str:
    """Return why an edit is not tried; empty if it is.

    Args:
        count: of those that were tried.
    """
    unknown = [path for path in edit if path not in WORDS]
    if unknown:
        return f"{unknown[0]} is part of a recipe: change your own code so"
    if "model" in edit:
        return "another module shows where the fault lies, and is no cure"
    if changes_loss(edit):
        return "a loss of another kind cannot be compared"
    if count >= MOST:
        return f"{MOST} others came first"
    return "no time was left" if pace.over() else ""


def losses(subject: ModuleSubject, edit: dict[str, Any]) -> list[float]:
    """Return the lowest loss of a short training with an edit, for each seed."""
    short = shortened(subject, "fine")
    found = [trial(short.changed({"seed": seed}), "", edit).metric for seed in range(SEEDS)]
    return [float("inf") if one is None else one for one in found]


def compared(edit: dict[str, Any], before: list[float], after: list[float]) -> TriedEdit:
    """Return whether an edit helps."""
    pairs = zip(before, after, strict=True)
    # A loss may be below 0, and then a share of it says nothing of the direction.
    helps = all(other < one - LEAST * abs(one) for one, other in pairs)
    return TriedEdit(edit, fmean(before), fmean(after), helps)


def told(finding: Finding, tried: Sequence[TriedEdit]) -> Finding:
    """Return a finding with what its edit did, if it was tried."""
    one = next((one for one in tried if one.edit == finding.edit), None)
    if one is None:
        return finding
    return replace(finding, confirmed={"before": one.before, "after": one.after})


def in_order(findings: list[Finding], tried: Sequence[TriedEdit]) -> list[Finding]:
    """Return findings, those whose edit helps first, in their order."""
    helping = [one.edit for one in tried if one.helps]
    return sorted(findings, key=lambda finding: finding.edit not in helping)
