"""Does the training hear of each class?"""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.evidence.program import Answers, Program, as_location
from trickrun.findings.finding import Finding
from trickrun.findings.rules.data.targets import UNEVEN
from trickrun.findings.rules.program.data import is_stuck, judged
from trickrun.findings.rules.program.steps import place_or

MOST_CLASSES = 10
"""Classes up to which each should be answered: of a vocabulary the rare words are never; own."""

MOST = 0.5
"""Share of the commonest class from which on it is the safe answer; own."""

FEW = 20
"""Answers from which on a share of them says something; own."""

MISSED, TIMES = 0.25, 10.0
"""Share of a rare class that is missed from which on it is neglected, and how many times the share
of the commonest class it must be; own."""

LABELS_MISSED = 0.9
"""The same share where a sample has several labels, most of which are no by nature; own."""


def neglected(program: Program) -> Iterator[Finding]:
    """TR07: a rare class that is often answered as the commonest one, in a loss without weights;
    traps: rare classes that are learned all the same, words of a vocabulary, several labels a
    sample, and a network that has not learned anything, which has other causes."""
    for answers in judged(program):
        known = [pair for pair in answers.hits if pair[0] >= FEW]
        if len(known) < 2 or len(answers.hits) > MOST_CLASSES or answers.weighted:
            continue
        if is_stuck(answers):
            continue
        (most, right), (least, hits) = max(known), min(known, key=lambda one: one[1] / one[0])
        if most < MOST * sum(count for count, _ in answers.hits) or most < UNEVEN * least:
            continue
        missed = 1 - hits / least
        if missed < (LABELS_MISSED if answers.labels > 1 else MISSED):
            continue
        if missed < TIMES * (1 - right / most):
            continue
        yield finding(answers, most / least, missed, 1 - right / most)


def finding(answers: Answers, ratio: float, missed: float, others: float) -> Finding:
    """Return TR07 of a loss."""
    why = (
        f"The commonest class has {ratio:.0f} times as many answers as a rare one. At the end "
        f"{missed:.0%} of the rare class are missed, and {others:.1%} of the commonest: the loss "
        "hardly hears of the rare one. An accuracy hides that."
    )
    advice = (
        "pass weights: pos_weight=negatives / positives"
        if answers.kind == "yes or no"
        else "pass weight= to the loss: total / (classes * counts), or draw with a "
        "WeightedRandomSampler"
    )
    return Finding("TR07", "Class imbalance", "warning", 0.7, place_or(answers.place, "loss"),
                   {"ratio": ratio, "missed": missed, "missed_of_the_commonest": others}, why,
                   location=as_location(answers.place, advice))  # fmt: skip


RULES = (neglected,)
