"""Augmentations that make another class of a sample, as far as facts tell."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.facts import AugmentationFacts, Facts
from trickrun.findings.finding import Finding

TURNED = 90.0
"""Degrees from which on a turned sign may be another one: an N is a Z, a bit later a 6 is a 9."""


def mirrored_characters(e: Facts) -> list[Finding]:
    """TR18: signs mirrored; trap: clothes and animals, which look alike in a mirror."""
    if not of_characters(e):
        return []
    mirrors = [i for i, each in enumerate(e.augmentations or ()) if each.mirrors]
    if not mirrors:
        return []
    why = "A mirrored 2 is no 2, a mirrored b is a d: flipped signs keep a label that is wrong."
    return [changes_class(e, mirrors, {"augmentation": "flip"}, why)]


def turned_characters(e: Facts) -> list[Finding]:
    """TR18: signs turned upside down; trap: the slant of a hand."""
    if not of_characters(e):
        return []
    turned = {i: each for i, each in enumerate(e.augmentations or ()) if degrees(each) >= TURNED}
    if not turned:
        return []
    widest = max(map(degrees, turned.values()))
    why = (
        f"Rotated by up to {widest:g} degrees, an N becomes a Z and a 6 becomes a 9, but the "
        "label stays."
    )
    edit = {f"augmentation.{i}.{each.degrees_parameter}": 15.0 for i, each in turned.items()}
    return [changes_class(e, list(turned), {"degrees": widest}, why, edit)]


def changes_class(
    e: Facts,
    places: list[int],
    numbers: dict[str, Any],
    why: str,
    edit: dict[str, Any] | None = None,
) -> Finding:
    """Return TR18 for the augmentations at ``places``, which the edit takes out if none is
    given."""
    kept = [dict(a.written) for i, a in enumerate(e.augmentations or ()) if i not in places]
    where = f"augmentation.{places[0]}"
    name = "Augmentation changes the class"
    change = edit or {"augmentation": kept}
    return Finding("TR18", name, "warning", 0.85, where, numbers, why, change)


def of_characters(e: Facts) -> bool:
    """Return whether the classes are digits or letters: by the data's kind, or their names."""
    if e.inputs.characters:
        return True
    if e.data is None or e.data.classes is None or not e.data.is_image:
        return False
    # Digits alone may be mere numbers of classes, which say nothing of what they look like.
    labels = e.data.classes.labels
    return all(len(label) == 1 for label in labels) and any(map(str.isalpha, labels))


def degrees(each: AugmentationFacts) -> float:
    """Return the largest angle that an augmentation turns images by; 0 if it is not known."""
    return each.degrees or 0.0


RULES = (mirrored_characters, turned_characters)
