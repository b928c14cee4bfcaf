"""Labels that were changed, by the answers of learners that have not seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trickrun.findings.finding import Finding

LEAST, FEWEST = 0.12, 6
"""Share of the surest samples whose label the learners contradict, and their number, below which
there is nothing to judge. Own: of the surest quarter it was at most 0.11 for blobs that overlap so
much that a third of all answers are wrong, and 0.17 to 0.25 with a fifth of the labels changed."""

FLAT = 0.7
"""How often the surest samples must be contradicted, compared with all that the learners agree on.
Where classes overlap, doubts become rare as learners become sure; labels that were changed are
everywhere. Own: 0 to 0.5, and 0.65 at the most, for overlapping classes, and 0.72 to 1.1 with a
fifth of the labels changed where classes overlap little."""

NATURAL = 0.35
"""How far the share of second-best labels may be from chance on the way to 1. Own: of doubted
labels it was 0.6 to 0.9 where classes overlap, and within 0.2 of chance where labels were changed
to any class."""

ONE_SIDED, KNOWN = 0.4, 0.5
"""From which on doubts are one-sided, and the share of them whose label is of a class that the
learners know. One-sided is 0 where classes are taken for each other, and 1 where one is taken for
another alone; with a fifth of the labels changed to the next class it was 0.5 to 0.9 where classes
hardly overlap. A rare class that hides in a large one is taken for it alone too, and is not known.
Own."""

LEARNED = 0.3
"""Skill below which learners know too little for their doubts to mean anything. Own."""

KEPT = 0.5
"""Share of the doubted samples for which the recipe's network, trained on others, gives the label
that they have, from which on the doubts are refuted. Own: the majority."""

LISTED, NAMED = 20, 3
"""Doubted samples in the evidence, and in the sentence."""


@dataclass(frozen=True)
class Doubt:
    """A sample on whose label all learners agree, and the data say otherwise.

    Args:
        row: its place, from 0, in the file, or in the training part where data bring several.
        given: the label in the data.
        agreed: the learners' label.
    """

    row: int
    given: str
    agreed: str


@dataclass(frozen=True)
class LabelNoise:
    """What a linear model and trees say of the labels of samples that they were not trained on.

    Args:
        classes: number of classes.
        samples: number of samples.
        surest: samples that both are surest of, and agree on.
        surest_contradicted: share of these that have another label.
        contradicted: the same share of all samples that both agree on.
        second: share of the doubts whose label is the second best answer.
        one_sided: by how much doubts go from one class to another and not back: 0 as often back, 1
            never.
        known: share of the doubts whose label is of a class that the learners recognize.
        noise: share of labels that were changed, as estimated by confident learning.
        skill: of the learners, or of any learner on validation samples.
        doubts: samples that each learner is confident about, surest first.
        network: share of these for which the recipe's network, trained on others, gives the label
            that they have; None if it was not asked, or has learned too little.
    """

    classes: int
    samples: int
    surest: int
    surest_contradicted: float
    contradicted: float
    second: float
    one_sided: float
    known: float
    noise: float
    skill: float
    doubts: tuple[Doubt, ...] = ()
    network: float | None = None


def corrupted_labels(e: LabelNoise) -> list[Finding]:
    """TR11: where learners of two kinds are surest, and agree, they contradict as many labels as
    elsewhere; trap: classes that overlap, learners that are weak, and a network that does better.

    Where classes overlap, the label of a doubted sample is mostly the second best answer, and two
    classes are taken for each other; a label that was changed is any other, or the same other. Two
    classes are not judged: there chance alone, which is equal everywhere, looks the same.
    """
    if e.classes < 3 or e.skill < LEARNED or not e.doubts:
        return []
    if e.surest_contradicted < LEAST or e.surest_contradicted * e.surest < FEWEST:
        return []
    if e.surest_contradicted < FLAT * e.contradicted or not (any_other(e) or same_other(e)):
        return []
    if e.network is not None and e.network >= KEPT:
        return []
    shown = "; ".join(
        f"row {doubt.row} is {doubt.given!r}, they say {doubt.agreed!r}"
        for doubt in e.doubts[:NAMED]
    )
    why = (
        "A linear model and trees, which have not seen these labels, agree with each other but "
        f"contradict {e.surest_contradicted:.0%} of the labels they are surest of and "
        f"{e.contradicted:.0%} of all they agree on. If classes merely overlapped, the surest "
        f"labels would hardly be contradicted. About {e.noise:.0%} of the labels were changed"
    )
    why += "" if any_other(e) else ", each to the same other class"
    why += f". Examples: {shown} (rows count from 0)."
    if e.network is not None:
        why += (
            f" The network, trained on other samples, predicts the given label for {e.network:.0%} "
            "of the doubtful samples."
        )
    numbers: dict[str, Any] = {
        "surest_contradicted": e.surest_contradicted,
        "contradicted": e.contradicted,
        "second_best": e.second,
        "one_sided": e.one_sided,
        "noise": e.noise,
        "doubted": len(e.doubts),
        "samples": e.samples,
        "network_keeps": e.network,
        "rows": [vars(doubt) for doubt in e.doubts[:LISTED]],
    }
    return [Finding("TR11", "Corrupted labels", "error", 0.85, "data", numbers, why)]


def any_other(e: LabelNoise) -> bool:
    """Whether the doubts look like labels that were changed to any class: between two classes they
    then go both ways. Where a frequent outcome is expected and a rare one came, they do not."""
    chance = 1 / (e.classes - 1)
    return e.one_sided < ONE_SIDED and e.second <= chance + NATURAL * (1 - chance)


def same_other(e: LabelNoise) -> bool:
    """Whether the doubts look like labels that were changed to one other class each."""
    return e.one_sided >= ONE_SIDED and e.known >= KNOWN
