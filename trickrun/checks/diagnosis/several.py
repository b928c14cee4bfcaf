"""Several faults at once: replace many parts, and then find the fewest that had to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trickrun.checks.diagnosis.at_length import OBVIOUS
from trickrun.checks.diagnosis.candidate import UNUSUAL, Candidate, together
from trickrun.checks.diagnosis.trainings import Trainings
from trickrun.checks.interventions.variants import backward_elimination

TUNED = ("optimizer.lr", "train.epochs", "train.steps", "data.batch_size")
"""Values that suit the other parts: replaced along with these, they would be off the other way."""

ADDED = ("regularizers", "loss.class_weights")
"""Parts that a plain recipe does not have."""

LOSS = 0.05
"""Skill that a part may be worth and still not be needed."""

PROOF = 8
"""Trainings that the proof of what is found takes."""


def unusual(found: Iterable[Candidate]) -> list[Candidate]:
    """Return the likeliest edit of each unusual part, likeliest first."""
    return [c for c in one_a_part(found) if c.likelihood >= UNUSUAL]


def replaceable(found: Iterable[Candidate]) -> list[Candidate]:
    """Return an edit of every part that has a plain form, likeliest first.

    Regularizers and augmentations are left out. Normalization layers stay: they do no harm where
    much else is wrong.
    """
    plain = [
        c
        for c in found
        if c.path not in ADDED
        and c.code != "TR72"
        and (not is_strength(c.path) or c.edit == {c.path: None})
    ]
    return one_a_part(plain)


def is_strength(path: str) -> bool:
    """Whether a part may be weakened as well as left out."""
    return path.startswith(("regularizers.", "augmentation"))


def one_a_part(found: Iterable[Candidate]) -> list[Candidate]:
    """Return the first edit of each part, but of tuned values only those that are clearly off."""
    parts: dict[str, Candidate] = {}
    for candidate in found:
        if candidate.path not in TUNED or candidate.likelihood >= OBVIOUS:
            parts.setdefault(candidate.path, candidate)
    return list(parts.values())


def fewest(
    trainings: Trainings, parts: Sequence[Candidate], seed: int, least: float
) -> Candidate | None:
    """Return the edit of as few of ``parts`` as reach what all of them reach together.

    One after the other is put back, the least likely first, and stays so if little is lost. Time
    for the proof is left.

    Args:
        parts: edits of different parts, likeliest first.
        seed: of the trainings.
        least: skill that all of them must reach; else None.
    """
    reached = skill_of(trainings, parts, seed)
    if reached is None or reached < least:
        return None
    proof = PROOF * trainings.step_seconds * trainings.proxy.steps

    def enough(some: Sequence[Candidate]) -> bool:
        if trainings.seconds_left < proof:
            return False
        skill = skill_of(trainings, some, seed)
        return skill is not None and skill >= reached - LOSS

    return together(backward_elimination(parts, enough))


def skill_of(trainings: Trainings, parts: Sequence[Candidate], seed: int) -> float | None:
    """Return the skill with all of ``parts`` replaced, None if it could not be trained."""
    whole = together(parts)
    trainings.run({whole.label: whole.trial}, [seed])
    return trainings.known[whole.label].results.get(seed)
