"""What a check or a diagnosis says: a cause with its evidence, its reason and the edit to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Finding:
    """One cause.

    Args:
        code: TRnn, where nn is the row in the catalogue of faults; own additions from 60.
        name: the cause in a few words.
        severity: error: training cannot go well; warning: it may not; info: worth knowing.
        confidence: 0 to 1.
        where: recipe path, layer or object that it concerns.
        evidence: the numbers that it rests on.
        why: the reason, in a sentence or two for people.
        edit: recipe path to new value, or None if the recipe cannot mend it.
        confirmed: the measured values before and after the edit, or None if it was not tried.
        location: where in a program it lies, and what to write there: file, line (from 1) and
            advice; None if no line of code is to blame, or it is not known.
        explained_by: code of the finding that it is a symptom of, in a list that has been told as
            stories (see stories.py). The edit to make is then that one's.
    """

    code: str
    name: str
    severity: Severity
    confidence: float
    where: str
    evidence: dict[str, Any]
    why: str
    edit: dict[str, Any] | None = None
    confirmed: dict[str, float] | None = None
    location: dict[str, Any] | None = None
    explained_by: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


CHANGES_LOSS = ("loss", "regularizers.label_smoothing", "data.scale_targets")
"""Parts of a recipe that decide what number a validation loss is."""


def changes_loss(edit: Mapping[str, Any] | None) -> bool:
    """Whether losses with and without an edit are of different kinds, so that nothing compares."""
    return any(path.startswith(CHANGES_LOSS) for path in edit or ())
