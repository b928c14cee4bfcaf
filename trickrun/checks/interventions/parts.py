"""What can be changed about a subject to find out what its parts do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Replacement:
    """A part that may be wrong, and what is known to work in its place.

    Args:
        path: the part.
        edit: path to the value that is known to work.
        code, name: the finding if the replacement helps.
        why: the reason, for people.
    """

    path: str
    edit: dict[str, Any]
    code: str
    name: str
    why: str

    @property
    def label(self) -> str:
        """What names its training: the part, and the value tried if that is a number."""
        value = self.edit.get(self.path)
        return f"{self.path}={value:g}" if isinstance(value, float) else self.path


@dataclass(frozen=True)
class Regularizer:
    """One declared trick that trades fit on the training data for something else.

    Args:
        path: where it stands in the user's recipe.
        back: the change of the one-batch recipe that puts it back.
        edit: the change of the user's recipe that should make it bearable.
        weaker: the change of the one-batch recipe that puts the edited one back; None if the edit
            takes it out.
        code: what it is called in a finding.
    """

    path: str
    back: dict[str, Any]
    edit: dict[str, float | None]
    weaker: dict[str, Any] | None
    code: str


@dataclass(frozen=True)
class Alternatives:
    """What may be wrong, and what is known to work in its place.

    Args:
        parts: the unusual parts with their usual replacements, likeliest cause first.
        rates: other learning rates.
        usual_lr: the middle of the learning rates that its optimizer is usually given.
    """

    parts: Sequence[Replacement]
    rates: Sequence[Replacement]
    usual_lr: float


@dataclass(frozen=True)
class Restraints:
    """What holds a training back on purpose, so that it does not fit a batch at its fastest.

    Args:
        regularizers: those that are not off.
        others: further parts that restrain: schedules, early stopping.
        off: the change that switches all of them off; what is off anyway may be among it.
        beside_loss: the parts among them that are no term of the loss, such as dropout: they change
            what the network computes, or its samples.
    """

    regularizers: Sequence[Regularizer] = ()
    others: Sequence[str] = ()
    off: dict[str, Any] = field(default_factory=dict)
    beside_loss: Sequence[str] = ()
