"""Removing runs: they go to a folder beside the runs, where they can be fetched back until it is
purged."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from trickrun.errors import RunFolderError
from trickrun.run.find import as_told, by_id, every, folders
from trickrun.run.folder import RunFolder
from trickrun.run.listing import ID
from trickrun.run.owner import OWNER

REMOVED = ".removed"
"""The folder of removed runs, below the runs folder: ``runs/.removed/NAME/ID``."""

SHORTEST = 6
"""Characters of an id that name a run that is to be removed."""


def named(among: Path, wanted: str, exactly: bool = False) -> RunFolder:
    """Return the one run below ``among`` that ``wanted`` names; a damaged one too.

    That is its folder, its id, or at least SHORTEST characters of the id; or its recipe's name, if
    that has no other run.

    Args:
        exactly: the beginning of an id is not enough.

    Raises RunFolderError.
    """
    runs = [run for run in folders(among) if ID.fullmatch(run.id) and is_inside(run, among)]
    found = by_id(runs, wanted, math.inf) or [run for run in runs if run.name == wanted]
    if wanted and not found:
        found = [run for run in runs if run.path.absolute() == Path(wanted).absolute()]
    if not found and not exactly:
        found = by_id(runs, wanted, SHORTEST)
    if len(found) > 1:
        listed = ", ".join(run.id for run in found[:5]) + (", ..." if len(found) > 5 else "")
        raise RunFolderError(
            f"{as_told(wanted)} matches {len(found)} runs: {listed}",
            str(among),
            "give the whole id",
        )
    if not found:
        raise RunFolderError(
            f"no run {as_told(wanted)}".rstrip(), str(among), why_not(among, wanted)
        )
    return found[0]


def is_inside(folder: RunFolder, among: Path) -> bool:
    """Whether a run really is below ``among``: a link may lead elsewhere."""
    path = folder.path
    return not path.is_symlink() and path.resolve().parent.parent == among.resolve()


def why_not(among: Path, wanted: str) -> str:
    """Return why ``wanted`` names no run below ``among``, or what to do."""
    if not wanted:
        return "an empty name matches no run"
    for check in every(among):
        own = every(check.own_runs, nested=True)
        if any(wanted in (run.id, str(run.path)) for run in own):
            return f"it belongs to the check {check.id}, and is removed with it"
    if any(wanted in (run.id, str(run.path)) for run in folders(among)):
        return "it is a link: remove its target, in the runs folder where that is"
    if len(wanted) < SHORTEST and any(run.id.startswith(wanted) for run in folders(among)):
        return f"give the whole id, or at least {SHORTEST} characters of it"
    if any(run.id.startswith(wanted) for run in folders(among)):
        return "with --yes, give the whole id"
    if (Path(wanted) / "resolved.yaml").exists():
        return f"only runs in {among} are removed; name another folder with --runs-dir"
    return "`trickrun runs` lists them"


def remove(folder: RunFolder, root: Path) -> Path:
    """Move a run below ``root`` to the removed ones; return where it is then.

    Raises RunFolderError if a process works in it or in a run of it, or it cannot be moved.
    """
    return move(folder, root / REMOVED)


def restore(folder: RunFolder, root: Path) -> Path:
    """Move a removed run back below ``root``; return where it is then. Raises RunFolderError."""
    return move(folder, root)


def move(folder: RunFolder, to: Path) -> Path:
    """Move a run's folder to ``to/NAME/ID``. Its old parent is removed if it is empty then."""
    target = to / folder.name / folder.id
    if target.exists():
        raise RunFolderError("a run with this id exists already", str(target))
    with nobody_at_work(folder), explained(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.path.rename(target)
        moved = RunFolder(target)
        for run in (moved, *every(moved.own_runs, nested=True)):
            (run.path / OWNER).unlink(missing_ok=True)  # which held it at the old place
        drop_if_empty(folder.path.parent)
    return target


def purge(folder: RunFolder) -> None:
    """Delete a removed run for good. Raises RunFolderError."""
    with explained(folder):
        shutil.rmtree(folder.path)
        drop_if_empty(folder.path.parent)


def drop_if_empty(path: Path) -> None:
    """Remove a folder that holds nothing."""
    if not any(path.iterdir()):
        path.rmdir()


@contextmanager
def nobody_at_work(folder: RunFolder) -> Iterator[None]:
    """Keep processes from working in a run, and in its own runs, while it is moved.

    Raises RunFolderError if one does.
    """
    with ExitStack() as held:
        for run in (folder, *every(folder.own_runs, nested=True)):
            held.enter_context(run.locked())
        yield


@contextmanager
def explained(folder: RunFolder) -> Iterator[None]:
    """Turn an operating system's error into RunFolderError."""
    try:
        yield
    except OSError as error:
        raise RunFolderError(
            f"cannot be moved or removed: {error.strerror or error}",
            str(error.filename or folder.path),
        ) from error
