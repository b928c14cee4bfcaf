"""One rule for edits of different parts that are made at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Changes = Mapping[str, Any]
"""Path to the value that is put there; None deletes."""


def merged(edits: Iterable[Changes]) -> dict[str, Any]:
    """Return one edit that makes all of ``edits``, the likeliest first.

    Where two set the same path, or one sets a section and another a value inside it, the earlier
    one stays: a value that was chosen for one optimizer does not suit another. A deletion inside a
    section that a later edit replaces is part of that replacement.
    """
    found: dict[str, Any] = {}
    for edit in edits:
        for path, value in edit.items():
            inside = [other for other in found if lies_in(other, path)]
            if any(path == other or lies_in(path, other) for other in found):
                continue
            if all(found[other] is None for other in inside):
                found = {other: kept for other, kept in found.items() if other not in inside}
                found[path] = value
    return found


def lies_in(path: str, section: str) -> bool:
    """Whether ``path`` is below ``section``."""
    return path.startswith(f"{section}.")
