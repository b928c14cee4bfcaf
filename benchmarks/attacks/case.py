"""What an attack is: a folder of hostile files, and the commands that are run in it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]
"""A command line of trickrun without its first word, or one of the words of ``watch.OTHERS``."""

SECONDS = 5.0
"""What a command may take that only reads."""

TRAINS = 60.0
"""What a command may take that trains: diagnose, a search, a checklist."""

CANARY = "CANARY"
"""The file that a hostile pickle makes when somebody executes it."""

RECIPE = "r.yaml"


@dataclass(frozen=True)
class Case:
    """A case in its folder.

    Args:
        told: what was done to which file, for people.
        commands: what is run, one after another, in the folder.
        seconds: what each may take.
    """

    told: str
    commands: tuple[Command, ...]
    seconds: float = SECONDS


@dataclass(frozen=True)
class Attack:
    """A kind of attack.

    Args:
        prepare: makes what all cases begin with in a folder, once.
        arrange: writes a case's files into a folder, which holds nothing yet. Its arguments are
            the source of all chance, the folder that ``prepare`` filled, and the case's folder.
    """

    prepare: Callable[[Path], None]
    arrange: Callable[[random.Random, Path, Path], Case]


def source_of_chance(kind: str, seed: int, number: int) -> random.Random:
    """Return what draws case ``number``: the same one, whatever was drawn before."""
    return random.Random(f"{kind}/{seed}/{number}")


def empty(folder: Path) -> None:
    """Remove what is in a folder, whatever it is."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
