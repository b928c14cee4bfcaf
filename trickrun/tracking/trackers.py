"""The trackers by name, what each needs installed, and what all of them do."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trickrun.errors import TrickrunError
from trickrun.recipe.text.problems import did_you_mean
from trickrun.tracking.records import Point, Record


class Tracker(ABC):
    """Where runs are sent. One run at a time: ``begin``, any number of ``log``, ``end``; a check
    before the runs that belong to it.

    It may raise whatever its library does.
    """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it keeps what it is sent, for people: a folder, an address."""

    @abstractmethod
    def begin(self, run: Record) -> bool:
        """Make the run there, with its parameters. Return whether it was there already: what it
        has then is brought up to date.

        Raises Refused if that cannot be done.
        """

    @abstractmethod
    def log(self, points: Sequence[Point]) -> None:
        """Add points, in the order in which they were measured."""

    @abstractmethod
    def end(self, run: Record, pictures: Mapping[str, bytes], files: Sequence[Path]) -> None:
        """Add what is known at the end: tags, scores, pictures (PNG by name) and files."""

    leaves_out: str = ""
    """What of a run it cannot be sent, in a few words."""


class Refused(Exception):
    """A tracker has the run already, and cannot bring it up to date. It says what to do."""


@dataclass(frozen=True)
class Library:
    """What a tracker needs.

    Args:
        modules: that must be installed.
        extra: what to install them by.
    """

    modules: tuple[str, ...]
    extra: str


LIBRARIES = {
    "tensorboard": Library(("tensorboard",), "tensorboard"),
    "mlflow": Library(("mlflow", "sqlalchemy", "alembic"), "mlflow"),
    "wandb": Library(("wandb",), "wandb"),
    "trackio": Library(("trackio",), "trackio"),
}
"""The trackers, in the order in which they are listed; each has a module of its name here."""


def named(words: Iterable[str]) -> tuple[str, ...]:
    """Return the trackers that words name, each word one or several with commas between them.

    Raises TrickrunError for a name that is none.
    """
    names = [name.strip() for word in words for name in word.split(",")]
    found = tuple(dict.fromkeys(name for name in names if name))
    for name in found:
        if name not in LIBRARIES:
            guess = did_you_mean(name, list(LIBRARIES))
            known = ", ".join(LIBRARIES)
            raise TrickrunError(
                f"there is no tracker {name!r}", "--track", guess or f"trackers: {known}"
            )
    return found


def check_installed(names: Sequence[str]) -> None:
    """Raise TrickrunError if what one of the trackers needs is not installed. Nothing is
    imported."""
    for name in names:
        library = LIBRARIES[name]
        for module in library.modules:
            if not is_installed(module):
                raise TrickrunError(
                    f"{module} is not installed, which the tracker {name} needs",
                    "--track",
                    f"pip install 'trickrun[{library.extra}]'",
                )


def is_installed(module: str) -> bool:
    """Whether a package can be imported. A folder of its name, such as the one that wandb writes
    its runs to, is none."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None


def open_tracker(name: str) -> Tracker:
    """Return a tracker, ready to be sent runs.

    Raises TrickrunError if its library is not installed; else what that raises.
    """
    check_installed([name])
    made: Tracker = importlib.import_module(f"trickrun.tracking.{name}").open_here()
    return made
