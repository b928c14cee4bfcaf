"""An edit to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Candidate:
    """One edit to try.

    Args:
        path: the part of the recipe that it replaces.
        edit: the change of the user's recipe: path to value.
        trial: the change of the short recipe that stands for it.
        code, name, why: the finding, if it helps and nothing else has said so.
        likelihood: 0 to 1, how likely this part is the cause before anything was tried: near 1 for
            a part that hardly anybody chooses with a good result, near 0 for one that is usual.
        together: what the parts are suspected of, if several are replaced at once.
    """

    path: str
    edit: dict[str, Any]
    trial: dict[str, Any]
    code: str
    name: str
    why: str
    likelihood: float
    together: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What names its trainings: the edit in short."""
        return ", ".join(f"{path}={value}" for path, value in self.edit.items())
