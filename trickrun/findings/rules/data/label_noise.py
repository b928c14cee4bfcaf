"""Labels that were changed at random, by the answers of trees that have not seen them."""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.finding import Finding

LEAST, FEWEST = 0.1, 12
"""Share of samples whose label the others contradict, and their number, below which there is
nothing to judge."""

LEARNED = 0.3
"""Skill of the trees below which classes may overlap so much that any answer is a near one: five
blobs with a skill of 0.25 looked like labels changed at random."""

NATURAL = 0.35
"""How far the share of second-best labels may be from chance on the way to 1. Own: of contradicted
labels it was 0.65 on digits and 0.67 on Fashion-MNIST, 0.24 and 0.34 with a fifth of the labels
changed at random, 0.18 and 0.22 with a third."""


@dataclass(frozen=True)
class LabelNoise:
    """What trees say of the labels of samples that they were not trained on.

    Args:
        classes: number of classes.
        samples: number of samples.
        contradicted: share of samples that get another answer than their label.
        second: of these, the share whose label is the second best answer.
        skill: of the trees, or of any learner on validation samples.
    """

    classes: int
    samples: int
    contradicted: float
    second: float
    skill: float


def corrupted_labels(e: LabelNoise) -> list[Finding]:
    """TR11: contradicted labels are spread over all other classes alike.

    Where classes overlap, the label of a contradicted sample is mostly the second best answer. A
    label changed at random is any of the others. Two classes have no others, and are not judged.
    """
    if e.classes < 3 or e.skill < LEARNED:
        return []
    if e.contradicted < LEAST or e.contradicted * e.samples < FEWEST:
        return []
    chance = 1 / (e.classes - 1)
    if e.second > chance + NATURAL * (1 - chance):
        return []
    why = (
        f"Trees that have not seen them contradict {e.contradicted:.0%} of the labels, and only "
        f"{e.second:.0%} of these labels are the second best answer (by chance {chance:.0%}): "
        "classes that overlap look otherwise. Part of the labels were changed at random."
    )
    numbers = {"contradicted": e.contradicted, "second_best": e.second, "chance": chance}
    return [Finding("TR11", "Corrupted labels", "error", 0.85, "data", numbers, why)]
