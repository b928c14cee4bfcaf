"""The end of a diagnosis: which findings are faults, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trickrun.findings.finding import Finding, Severity
from trickrun.findings.intervention import NEAR, NOTHING, SUSPICIOUS, Effect
from trickrun.findings.rank import consequences, ranked
from trickrun.findings.words import counted

LEAKS = frozenset({"TR08", "TR97"})
"""Faults of the data that make scores too good: no score can tell whether an edit mends them."""

CERTAIN = frozenset(
    {
        "TR03",
        "TR04",
        "TR05",
        "TR08",
        "TR10",
        "TR11",
        "TR12",
        "TR13",
        "TR14",
        "TR22",
        "TR25",
        "TR26",
        "TR27",
        "TR28",
        "TR29",
        "TR32",
        "TR33",
        "TR34",
        "TR45",
        "TR46",
        "TR47",
        "TR72",
        "TR93",
        "TR94",
        "TR95",
        "TR96",
        "TR97",
        "TR99",
        "TR106",
    }
)
"""Faults by construction: what they say is wrong whatever the scores are."""

UNSEEN = frozenset({"TR93", "TR106"})
"""Certain faults that only a whole run shows. They stand before edits that help a short training,
which leaves out what they are about."""

GRAVE_CONFIDENCE = 0.8
"""Confidence that such a finding must have to stand without proof."""

OWN_CODE = frozenset({"TR30", "TR70", "TR74", "TR76"})
"""Causes that name a whole part; a sure finding about what is inside says more."""

ABOUT_DATA = frozenset({"TR03", "TR04", "TR05", "TR10", "TR11", "TR12", "TR13"})
"""Certain findings about the data: no edit of another part proves them, and they carry none."""

ALTERNATIVES = {
    "model.activation": ("TR40", "TR42", "TR53"),
    "init": ("TR20", "TR22", "TR23", "TR43"),
    "data.normalize": ("TR01", "TR02"),
    "optimizer": ("TR33", "TR45", "TR50", "TR95"),
}
"""Findings that may speak for an edit of a part: what is wrong with it, not what follows."""

BEHAVIOUR = (CERTAIN - ABOUT_DATA - LEAKS) | {"TR23", "TR40", "TR42", "TR43", "TR53"}
"""Findings that say what code does wrong, rather than what comes of it."""

UNTESTED_ROOTS = frozenset({"TR03", "TR06", "TR11"})
"""Faults of the data that no edit of the recipe can test. One that may bring about what an edit
makes up for is the cause all the same: a lower rate helps against targets that are too large."""

HARMS = 0.05
"""Loss of skill that takes even a certain finding's edit back."""

BEHIND = 0.15
"""Distance in skill to what is reachable from which on a recipe trains badly. Own: learners that
are tuned for nothing differ by as much."""

LESS, SHARE_LEFT = 0.05, 0.3
"""Distance in skill, and share of what the recipe leaves to perfection, from which on it is told
that better is possible: a skill of 0.88 where a linear model has 0.99, for example."""

HALF = 0.5
"""Share of what can be reached below which a network that nothing helps is an error. Own: on small
tables trees are often ahead of any network by a third."""

UNSURE = 0.25
"""Standard error of a skill from which on the validation split says nothing of the kind."""


SHORT = " This is a short training: there was no time for one of the recipe's own length."


@dataclass(frozen=True)
class Standing:
    """How well the recipe does as it is.

    Args:
        skill: of the short training; 0 is a constant answer, 1 perfect.
        reachable: the best skill that anything reached on the same samples.
        error: standard error of a skill by the number of validation samples.
        training: skill on the training samples themselves.
        known: whether the recipe could be trained at all.
        learners: whether learners other than the network were fitted.
        edits: whether edits were tried.
        whole: whether a training as long as the user's is among those that the skill is of.
        at_length: skill of a training of the recipe's own length, beside the short ones; minus
            infinity if there was none.
    """

    skill: float
    reachable: float
    error: float
    training: float
    known: bool = True
    learners: bool = True
    edits: bool = True
    whole: bool = True
    at_length: float = -math.inf

    @property
    def poor(self) -> bool:
        """Whether it trains badly: clearly worse than others, or so that it learned nothing, not
        even of the samples it trains on."""
        learned = max(self.skill, self.training) > NOTHING
        return self.skill < self.reachable - max(BEHIND, (2 if learned else 1) * self.error)

    @property
    def grossly(self) -> bool:
        """Whether it trains so badly that this is a fault even where nobody can name it."""
        return self.poor and self.skill < HALF * self.reachable

    @property
    def behind(self) -> bool:
        """Whether it does clearly worse than what can be reached, though it may not be faulty."""
        gap = self.reachable - self.skill
        return gap > max(LESS, 2 * self.error, SHARE_LEFT * (1 - self.skill))

    @property
    def hopeless(self) -> bool:
        """Whether nobody learned anything from these samples, of those who tried. Too few samples
        to validate on, or too rare classes, cannot tell."""
        tried = self.learners or self.edits
        return tried and self.error < UNSURE and self.reachable < max(NOTHING, 2 * self.error)


@dataclass(frozen=True)
class Cause:
    """An edit that helped.

    Args:
        path: the part of the recipe that it replaces.
        edit: recipe path to value.
        code, name, why: the finding, if no rule has said more.
        effect: what it did.
        together: what the parts are suspected of, if the edit replaces several at once.
        raises: codes of errors that the recipe with the edit has, and without it has not.
    """

    path: str
    edit: dict[str, Any]
    code: str
    name: str
    why: str
    effect: Effect
    together: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()


def without_trying(findings: Iterable[Finding], standing: Standing) -> list[Finding]:
    """Return the findings of a diagnosis that tried no edit, causes first.

    Where the recipe does about as well as can be expected, only what is wrong by construction is
    an error: flat metrics, small gradients and the like are normal in a network that works.
    """
    fine = standing.known and not standing.poor and not standing.hopeless
    return ranked(lowered(finding) if fine else finding for finding in findings)


def lowered(finding: Finding) -> Finding:
    """Return the finding as a warning, unless it stands without proof."""
    if finding.severity != "error" or certain(finding):
        return finding
    return replace(finding, severity="warning")


def certain(finding: Finding) -> bool:
    """Whether a finding is wrong by construction."""
    grave = finding.severity == "error" and finding.confidence >= GRAVE_CONFIDENCE
    return grave and finding.code in CERTAIN


def is_leak(finding: Finding) -> bool:
    """Whether a finding says that scores are too good to be told by."""
    return finding.code in LEAKS and finding.severity == "error"


def leaks_placed(findings: Iterable[Finding], poor: bool) -> list[Finding]:
    """Return the findings with leaks in front, because they spoil the scores that rank the rest.

    They make scores too good: where a recipe trains badly (``poor``) the cause stands before them.
    """
    found = sorted(findings, key=lambda finding: not is_leak(finding))
    causes = [f for f in found if f.severity == "error" and not is_leak(f)] if poor else []
    return [*causes[:1], *(finding for finding in found if finding not in causes[:1])]


def with_what_was_tried(
    findings: Iterable[Finding],
    causes: Sequence[Cause],
    failed: Sequence[dict[str, Any]],
    standing: Standing,
    refuted: Sequence[dict[str, Any]] = (),
) -> list[Finding]:
    """Return the findings of a diagnosis that tried edits, best first.

    On most recipes some edit helps. The one that comes first is an error if it mends a fault (see
    ``is_fault``), else a warning.

    Args:
        causes: edits that helped, likeliest cause first.
        failed: edits that did harm.
        refuted: edits that did not help.
    """
    left = ranked(findings)
    causes = roots_first(causes, left)
    confirmed: list[Finding] = []
    # Of several edits of one part the first says enough.
    paths = {cause.path: cause for cause in reversed(causes)}
    for cause in (cause for cause in causes if paths[cause.path] is cause):
        said = spokesman(cause, left)
        left = [f for f in left if f is not said and not repeats(f, cause)]
        first_error = not confirmed and is_fault(cause, said, standing)
        confirmed.append(proven(cause, said, "error" if first_error else "warning"))
    # Where nobody learns, that explains the rest.
    unexplained_yet = (standing.grossly and not standing.hopeless) or not standing.known
    keep = not causes and unexplained_yet
    rest = [judged(finding, failed, refuted, keep) for finding in left]
    sure = [finding for finding in rest if certain(finding)]
    able = [f for f in rest if f in sure or (untested(f) and f.edit is None)]
    roots = [f for f in able if any(c.code in consequences(f.code) for c in confirmed[:1])]
    roots = [f if f in sure else replace(f, severity=confirmed[0].severity) for f in roots]
    places = {(finding.code, finding.where) for finding in roots}
    left = [f for f in rest if (f.code, f.where) not in places]
    sure = [finding for finding in left if certain(finding)]
    unseen = [finding for finding in sure if finding.code in UNSEEN]
    sure = [finding for finding in sure if finding not in unseen]
    first = [*unseen, *roots, *confirmed, *sure]
    others = ranked(finding for finding in left if not certain(finding))
    return [*first, *others]


def is_fault(cause: Cause, said: Finding | None, standing: Standing) -> bool:
    """Whether what an edit mends is an error: the recipe trains badly, the part is wrong by
    construction, or it is so unusual that hardly anybody has it in a recipe that works.

    The last does not hold where the recipe, in all of its own steps, gets where the edit took the
    short training.
    """
    if standing.poor or not standing.known or (said is not None and certain(said)):
        return True
    effect = cause.effect
    return effect.likelihood >= SUSPICIOUS and standing.at_length < effect.after - LESS


def roots_first(causes: Sequence[Cause], findings: Sequence[Finding]) -> list[Cause]:
    """Return the causes with the one in front that explains the first, if its edit helps nearly as
    much, or that is wrong by construction.

    An edit may help because it makes up for the fault: more epochs for targets that are too large.
    """
    if not causes or causes[0].together:
        return list(causes)
    best = max(cause.effect.gain for cause in causes)
    for cause in causes:
        said = spokesman(cause, findings)
        code = said.code if said else cause.code
        explains = causes[0].code in consequences(code) and cause.effect.gain >= NEAR * best
        if explains or (said is not None and certain(said)):
            return [cause, *(other for other in causes if other is not cause)]
    return list(causes)


def spokesman(cause: Cause, findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that says why an edit helped, if one does.

    A finding about the data speaks for no edit of another part.
    """
    same = [f for f in findings if f.edit and next(iter(f.edit)) == cause.path]
    exact = [f for f in same if f.edit == cause.edit]
    for finding in (*(f for f in exact if f.code == cause.code), *exact, *same):
        speaks = finding.code == cause.code or finding.code in ALTERNATIVES.get(cause.path, ())
        if speaks or (finding in exact and certain(finding)):
            return finding
    if cause.code not in OWN_CODE:
        return None
    own = [f for f in findings if f.edit is None and not f.where.startswith("data")]
    inside = [f for f in own if f.code in BEHAVIOUR]
    sure = [finding for finding in inside if certain(finding)]
    return next(iter([*sure, *inside]), None)


def repeats(finding: Finding, cause: Cause) -> bool:
    """Whether a finding says of the same part what the cause says already."""
    alike = finding.code == cause.code or certain(finding)
    return finding.edit is not None and finding.edit == cause.edit and alike


def untested(finding: Finding) -> bool:
    """Whether a finding is about the data, and sure enough to stand where an edit only helps."""
    return finding.code in UNTESTED_ROOTS and finding.confidence >= 0.6


def proven(cause: Cause, said: Finding | None, severity: Severity) -> Finding:
    """Return the finding for an edit that helped."""
    effect = cause.effect
    confirmed = {"before": round(effect.before, 4), "after": round(effect.after, 4)}
    numbers: dict[str, Any] = {"gain": effect.gain, "seeds": len(effect.gains)}
    if len(effect.gains) > 1:
        numbers["gain_standard_error"] = effect.noise
    found = said or Finding(cause.code, cause.name, "error", 0.0, cause.path, {}, cause.why)
    why = found.why
    if cause.together:
        why += f" No single edit is enough. Together these are: {', '.join(cause.together)}."
    if cause.raises:
        why += (
            f" It may not be the whole cure. With it the recipe raises {', '.join(cause.raises)}."
        )
    return replace(
        found,
        why=why,
        severity=severity,
        confidence=max(found.confidence, 0.9 if severity == "error" else 0.6),
        evidence={**found.evidence, **numbers},
        edit=cause.edit,
        confirmed=confirmed,
    )


def judged(
    finding: Finding,
    failed: Sequence[dict[str, Any]],
    refuted: Sequence[dict[str, Any]],
    keep: bool,
) -> Finding:
    """Return a finding that no trial confirmed, as grave as it then is.

    Args:
        failed: edits that did harm.
        refuted: edits that did not help.
        keep: whether errors that no trial refuted stand, because the recipe trains badly and
            nothing else explains it.
    """
    if finding.confirmed is not None:
        # A check confirms by its own number, such as the initial loss; here training decides.
        told = {**finding.evidence, "confirmed_by_check": finding.confirmed}
        finding = replace(finding, evidence=told, confirmed=None)
    if finding.severity != "error":
        return finding
    if finding.edit in failed:
        return replace(finding, severity="warning", confidence=finding.confidence / 2)
    if certain(finding) or (keep and finding.edit not in refuted):
        return finding
    return replace(finding, severity="warning")


def unexplained(
    standing: Standing,
    tried: int,
    untried: int,
    where: str,
    own_model: bool = False,
    samples: str = "data",
) -> Finding:
    """Return TR10 if nobody learns from these samples, else TR90: no edit changes how badly it
    trains. By elimination it is TR76, a network of the user's own.

    Args:
        tried, untried: edits.
        where: where to look, if it is not the data.
        own_model: whether the network is the user's.
        samples: where the data come from.
    """
    numbers = {"skill": standing.skill, "reachable": standing.reachable, "tried": tried}
    numbers |= {"untried": untried, "training": standing.training}
    # Some recipes need all of their steps, and one that gets there in its time has no fault.
    severity: Severity = "error" if standing.whole else "warning"
    short = "" if standing.whole else SHORT
    if standing.hopeless:
        name, why = "Targets unrelated to inputs", nobody_learns(standing) + short
        return Finding("TR10", name, severity, 0.85, samples, numbers, why)
    why = (
        f"The recipe reaches a skill of {standing.skill:.2f}, where {standing.reachable:.2f} can "
        "be reached (0: always the same answer, 1: perfect), and "
    )
    if untried:
        why += (
            f"no edit helps ({counted(tried, 'edit')} tried, no time for {untried} more). Allow "
            "more time with --budget"
        )
        why += f", or look at {where}."
    else:
        why += f"no edit helps ({counted(tried, 'edit')} tried). Look at {where}."
    if not standing.grossly:
        return Finding("TR90", "Better is possible", "warning", 0.5, where, numbers, why)
    if own_model and standing.edits and standing.learners and not untried:
        # Others learn from the data, and all parts but this one were replaced.
        return Finding("TR76", "Your model", severity, 0.6, where, numbers, why + short)
    name = "Trains badly, and no edit helps"
    return Finding("TR90", name, severity, 0.5, where, numbers, why + short)


def nobody_learns(standing: Standing) -> str:
    """Return why the targets are taken not to follow from the inputs."""
    network = "this network" + (", with or without edits," if standing.edits else "")
    others = "nor a linear model or trees predict" if standing.learners else "predicts"
    why = (
        f"{'Neither' if standing.learners else 'Nothing of'} {network} {others} new samples "
        f"better than always giving the same answer (best skill {standing.reachable:.2f})"
    )
    if standing.training > 2 * BEHIND:
        why += f", though the network learns {standing.training:.0%} of the training samples"
    return why + ". The targets do not depend on the inputs. Check how they are paired."
