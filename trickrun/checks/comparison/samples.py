"""Who is right where the other is wrong: sample by sample and class by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trickrun.checks.comparison.differences import Trained
from trickrun.checks.comparison.statistics import difference, mcnemar

OTHER_SAMPLES = "they are not scored on the same samples"

MOST_NAMED = 10
"""Samples that are named each way."""


def per_sample(first: Trained, second: Trained) -> tuple[dict[str, Any] | None, str]:
    """Return which samples each arm gets right, pair by pair and over all pairs; or None and why
    not.

    A pair's p is that of McNemar's exact test. It asks whether the two networks of this pair differ
    on samples like these; those of several pairs are not independent, and are not pooled.
    """
    pairs, why_not = shared(first, second)
    if not pairs:
        return None, why_not
    rows = []
    only_first: Counter[int] = Counter()
    only_second: Counter[int] = Counter()
    for pair in pairs:
        right = [
            (one == truth, other == truth)
            for one, other, truth in zip(pair.first, pair.second, pair.truth, strict=True)
        ]
        only_first.update(place for place, found in enumerate(right) if found == (True, False))
        only_second.update(place for place, found in enumerate(right) if found == (False, True))
        counts = Counter(right)
        lost, won = counts[True, False], counts[False, True]
        rows.append(
            {
                "round": pair.number,
                "both": counts[True, True],
                "only_first": lost,
                "only_second": won,
                "neither": counts[False, False],
                "p": mcnemar(lost, won),
            }
        )
    return {
        "part": pairs[0].part,
        "samples": len(pairs[0].truth),
        "pairs": rows,
        "test": "McNemar, exact",
        "first_right": named(only_first, only_second),
        "second_right": named(only_second, only_first),
    }, ""


def named(right: Counter[int], wrong: Counter[int]) -> list[dict[str, int]]:
    """Return the samples that one arm gets right where the other does not, the clearest first.

    Args:
        right, wrong: by the sample's place in the part: in how many pairs only that one, or only
            the other arm is right.
    """
    net = sorted(((count - wrong[place], -place) for place, count in right.items()), reverse=True)
    return [
        {"sample": -place, "pairs": right[-place], "other_way": wrong[-place]}
        for gain, place in net[:MOST_NAMED]
        if gain > 0
    ]


def per_class(first: Trained, second: Trained) -> list[dict[str, Any]] | None:
    """Return how the share of each class's samples that is found (the recall) differs; None where
    the arms have no samples in common."""
    pairs, _ = shared(first, second)
    if not pairs:
        return None
    rows = []
    for index, label in enumerate(pairs[0].labels):
        recalls = [
            (recall(pair.first, pair.truth, index), recall(pair.second, pair.truth, index))
            for pair in pairs
        ]
        known = [(a, b) for a, b in recalls if a is not None and b is not None]
        if known:
            ours, theirs = zip(*known, strict=True)
            told = difference(ours, theirs, paired=True).as_json()
            means = {"first": sum(ours) / len(ours), "second": sum(theirs) / len(theirs)}
            rows.append({"label": label, "support": pairs[0].truth.count(index), **means, **told})
    return rows


def recall(answers: Sequence[int], truth: Sequence[int], index: int) -> float | None:
    """Return the share of a class's samples that are taken for it; None if there are none."""
    own = [a == index for a, t in zip(answers, truth, strict=True) if t == index]
    return sum(own) / len(own) if own else None


@dataclass(frozen=True)
class Pair:
    """What two arms answered to the same samples in a round.

    Args:
        first, second: the class that each sample is taken for.
        truth: the class of each.
        labels: the classes' names.
        part: which part of the data they are.
    """

    number: int
    first: list[int]
    second: list[int]
    truth: list[int]
    labels: list[str]
    part: str


def shared(first: Trained, second: Trained) -> tuple[list[Pair], str]:
    """Return the rounds in which both arms answered the same samples; or none, and why."""
    found = []
    why_not = "they have no training in common that finished"
    for number, one in first.finished.items():
        other = second.finished.get(number)
        if other is None or one.details is None or other.details is None:
            continue
        a, b = one.details, other.details
        if a.answers is None or b.answers is None or a.truth is None:
            why_not = "their answers are no classes, or are not there"
        elif (a.part, a.samples, a.truth, a.labels) != (b.part, b.samples, b.truth, b.labels):
            why_not = OTHER_SAMPLES
        elif {len(a.answers), len(b.answers)} != {len(a.truth)}:
            why_not = "their answers are damaged"  # a journal that somebody changed
        else:
            found.append(Pair(number, a.answers, b.answers, a.truth, a.labels, a.part))
    return found, "" if found else why_not
