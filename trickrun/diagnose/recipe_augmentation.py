"""Augmentations that make another class of a sample, as far as the recipe and its labels tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trickrun.diagnose.finding import Finding
from trickrun.diagnose.static_evidence import Static

CHARACTERS = ("digits", "mnist")
"""Data kinds whose samples are signs that people read."""

TURNED = 90.0
"""Degrees from which on a turned sign may be another one: an N is a Z, a bit later a 6 is a 9."""


def mirrored_characters(e: Static) -> list[Finding]:
    """TR18: signs mirrored; trap: clothes and animals, which look alike in a mirror."""
    if not of_characters(e):
        return []
    mirrors = [
        i
        for i, each in enumerate(e.recipe["augmentation"])
        if each["kind"] == "flip" and each["p"] > 0
    ]
    if not mirrors:
        return []
    why = "A mirrored 2 is no 2, a mirrored b is a d: flipped signs keep a label that is wrong."
    return [changes_class(e, mirrors, {"augmentation": "flip"}, why)]


def turned_characters(e: Static) -> list[Finding]:
    """TR18: signs turned upside down; trap: the slant of a hand."""
    if not of_characters(e):
        return []
    angles = {
        i: angle(each) for i, each in enumerate(e.recipe["augmentation"]) if angle(each) >= TURNED
    }
    if not angles:
        return []
    widest = max(angles.values())
    why = f"Turned by up to {widest:g} degrees an N is a Z and a 6 is a 9, with the old label."
    edit = {f"augmentation.{i}.{angle_name(e.recipe['augmentation'][i])}": 15.0 for i in angles}
    return [changes_class(e, list(angles), {"degrees": widest}, why, edit)]


def changes_class(
    e: Static,
    places: list[int],
    numbers: dict[str, Any],
    why: str,
    edit: dict[str, Any] | None = None,
) -> Finding:
    """Return TR18 for the augmentations at ``places``, which the edit takes out if none is
    given."""
    kept = [dict(a) for i, a in enumerate(e.recipe["augmentation"]) if i not in places]
    where = f"augmentation.{places[0]}"
    name = "Augmentation changes the class"
    change = edit or {"augmentation": kept}
    return Finding("TR18", name, "warning", 0.85, where, numbers, why, change)


def of_characters(e: Static) -> bool:
    """Return whether the classes are digits or letters: by the data's kind, or their names."""
    if e.recipe["data"]["kind"] in CHARACTERS:
        return True
    if e.data is None or e.data.classes is None or not e.data.is_image:
        return False
    # Digits alone may be mere numbers of classes, which say nothing of what they look like.
    labels = e.data.classes.labels
    return all(len(label) == 1 for label in labels) and any(map(str.isalpha, labels))


def angle(each: Mapping[str, Any]) -> float:
    """Return the largest angle that an augmentation turns images by, in degrees."""
    turns = each["kind"] in ("rotate", "affine") and each["p"] > 0
    return float(each[angle_name(each)]) if turns else 0.0


def angle_name(each: Mapping[str, Any]) -> str:
    """Return the name of that parameter."""
    return "degrees" if each["kind"] == "rotate" else "rotate"


RULES = (mirrored_characters, turned_characters)
