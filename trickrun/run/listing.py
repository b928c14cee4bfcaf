"""What is below the runs folder: a summary of each run, and removing one."""

from __future__ import annotations

import calendar
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trickrun.errors import RunFolderError
from trickrun.run.find import find
from trickrun.run.folder import RunFolder, command_name

ID = re.compile(r"\d{8}-\d{6}-\d+-[0-9a-f]{4}")
"""The name of a run's folder; see ``folder.create``."""


@dataclass(frozen=True)
class Summary:
    """A run as ``trickrun runs`` lists it.

    Args:
        recipe: the recipe's name.
        command: what made it: train, or a check's name; empty if its env.json cannot be read.
        status: finished, interrupted, failed, running, killed or damaged.
        verdict: of a check.
        best: the best evaluation's values, if there was one.
        test: the scores on the test split, if it came to that.
        reason: why it failed, or what is damaged.
        started: in seconds since 1970; None if its id tells no time.
        bytes: of all its files.
    """

    id: str
    recipe: str
    command: str
    status: str
    verdict: str | None
    best: dict[str, float] | None
    test: dict[str, float] | None
    reason: str | None
    started: float | None
    bytes: int
    path: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def summaries(root: Path) -> list[Summary]:
    """Return the runs below ``root``, newest first; damaged ones are listed too.

    Raises RunFolderError if ``root`` is not a folder.
    """
    if root.exists() and not root.is_dir():
        raise RunFolderError("this is a file, not a folder of runs", str(root))
    found = [path for path in root.glob("*/*") if ID.fullmatch(path.name) and path.is_dir()]
    newest_first = sorted(found, key=lambda path: path.name, reverse=True)
    return [summary(RunFolder(path)) for path in newest_first]


def summary(folder: RunFolder) -> Summary:
    """Return what is to be said about one run."""
    reason: str | None = None
    facts: dict[str, Any] = {}
    end: dict[str, Any] = {}
    try:
        facts = folder.read_json("env.json")
        status, end = how_it_ended(folder)
    except RunFolderError as error:
        status, reason = "damaged", error.message
    return Summary(
        id=folder.id,
        recipe=folder.name,
        command=command_name(facts.get("command")),
        status=status,
        verdict=end.get("verdict"),
        best=end.get("best") or None,
        test=end.get("test") or None,
        reason=reason or end.get("reason"),
        started=started(folder.id),
        bytes=size_of(folder.path),
        path=str(folder.path),
    )


def how_it_ended(folder: RunFolder) -> tuple[str, dict[str, Any]]:
    """Return a run's status and what is known of its end: best, test, reason or verdict.

    Raises RunFolderError if its files cannot be read.
    """
    if not (folder.path / "resolved.yaml").exists():
        raise RunFolderError("it has no resolved.yaml", str(folder.path))
    status = folder.status
    if status == "check":
        done = (folder.path / "evidence.json").exists()
        return ("finished", told_by(folder)) if done else ("unfinished", {})
    if status in ("finished", "interrupted"):
        return status, folder.last_record
    evaluations = [r for r in folder.metrics() if r["kind"] == "epoch" and r["best"]]
    reason = folder.last_record.get("reason") if status == "failed" else None
    return status, {"best": evaluations[-1] if evaluations else None, "reason": reason}


def told_by(folder: RunFolder) -> dict[str, Any]:
    """Return what the evidence of a check says of its end."""
    evidence = folder.read_json("evidence.json")
    told = {name: evidence.get(name) for name in ("verdict", "test")}
    # Of a search, the best trial: it has no epoch. What other checks call best is no evaluation.
    best = evidence.get("best")
    return {**told, "best": best if isinstance(best, dict) and "epoch" not in best else None}


def started(run_id: str) -> float | None:
    """Return when a run began, in seconds since 1970, by its id; None if that is no time."""
    try:
        return float(calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S")))
    except ValueError:
        return None


def size_of(path: Path) -> int:
    """Return the bytes of the files below ``path``, links not followed."""
    total = 0
    for file in path.rglob("*"):
        with suppress(OSError):  # it was removed meanwhile
            if file.is_file() and not file.is_symlink():
                total += file.stat().st_size
    return total


def find_any(root: Path, wanted: str) -> RunFolder:
    """Return the run that ``wanted`` names as ``find`` does; by its id a damaged one too."""
    by_id = list(root.glob(f"*/{wanted}")) if ID.fullmatch(wanted) else []
    return RunFolder(by_id[0]) if by_id else find(root, wanted)


def check_removable(folder: RunFolder, root: Path) -> None:
    """Raise RunFolderError for a folder that is not a run below ``root``, or is at work."""
    path = folder.path
    inside = path.resolve().parent.parent == root.resolve() and not path.is_symlink()
    if not inside or not ID.fullmatch(path.name):
        raise RunFolderError(
            "this is not a run below the runs folder",
            str(path),
            f"only runs in {root} are removed; name another with --runs-dir",
        )
    if folder.status == "running":
        raise RunFolderError("this run is training now", str(path), "stop it first")


def remove(folder: RunFolder) -> None:
    """Delete a run's folder, and its recipe's folder if that is empty then."""
    try:
        shutil.rmtree(folder.path)
        if not any(folder.path.parent.iterdir()):
            folder.path.parent.rmdir()
    except OSError as error:
        raise RunFolderError(
            f"cannot be removed: {error.strerror or error}", str(error.filename or folder.path)
        ) from error
