"""What is known of each run, beside the runs: reading the files of thousands again takes a minute.

The index is a copy: without it, or where it is damaged or of another version, the runs themselves
are read. What it says of a run holds as long as the run's files have the same times and sizes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from trickrun.errors import TrickrunError
from trickrun.run import files
from trickrun.run.folder import RunFolder
from trickrun.run.records import adapter

INDEX = ".index.json"
VERSION = 1
"""Raised when a summary tells something else of the same files."""

WATCHED = (
    "",
    "metrics.jsonl",
    "env.json",
    "evidence.json",
    "resolved.yaml",
    "tags.json",
    "checkpoints",
)
"""What changes with a run. A file that is replaced as a whole also changes its folder."""

T = TypeVar("T")
Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Entry(Generic[T]):
    """What was found of a run, and when its files changed."""

    stamp: Stamp
    summary: T


@dataclass
class Index(Generic[T]):
    """What is known of the runs below a folder, by their names and ids.

    Args:
        before: as it was read.
        watched: the files of a run that it tells of.
        now: of the runs that there are.
    """

    before: dict[str, Entry[T]]
    watched: tuple[str, ...]
    now: dict[str, Entry[T]] = field(default_factory=dict)

    def summary_of(
        self,
        folder: RunFolder,
        make: Callable[[RunFolder], T],
        holds: Callable[[T, RunFolder], bool],
    ) -> T:
        """Return the summary of a run: the one that is known, if its files are as they were.

        Args:
            make: finds it out.
            holds: whether a known one also holds of what no file tells.
        """
        key, now = f"{folder.name}/{folder.id}", stamp(folder, self.watched)
        entry = self.before.get(key)
        if entry is None or entry.stamp != now or not holds(entry.summary, folder):
            entry = Entry(now, make(folder))
        self.now[key] = entry
        return entry.summary


@contextmanager
def opened(
    root: Path, kind: type[T], name: str = INDEX, watched: tuple[str, ...] = WATCHED
) -> Iterator[Index[T]]:
    """Yield the index of a runs folder, and write it where it has changed, if that is possible.

    Args:
        kind: the summaries' dataclass.
        name: the index's file.
        watched: the files of a run that it tells of.
    """
    index = Index(read(root / name, kind), watched)
    yield index
    if index.now == index.before or not root.is_dir():
        return
    entries = {key: asdict(entry) for key, entry in index.now.items()}
    content = files.to_json({"version": VERSION, "runs": entries})
    with suppress(TrickrunError):  # a folder that cannot be written to can be listed all the same
        files.write_whole(root / name, content.encode())


def read(path: Path, kind: type[T]) -> dict[str, Entry[T]]:
    """Return what an index says; nothing if there is none, or it cannot be used."""
    try:
        found: dict[str, Any] = adapter(dict[str, Any]).validate_json(files.content_of(path))
        if found.get("version") != VERSION:
            return {}
        entries: dict[str, Entry[T]] = adapter(dict[str, Entry[kind]]).validate_python(  # type: ignore[valid-type]
            found.get("runs")
        )
    except (OSError, ValueError):
        return {}
    return entries


def stamp(folder: RunFolder, watched: tuple[str, ...] = WATCHED) -> Stamp:
    """Return the times and sizes of a run's files; zeros for one that is not there."""
    numbers: list[int] = []
    for name in watched:
        try:
            found = os.stat(folder.path / name)
            numbers += (found.st_mtime_ns, found.st_size)
        except OSError:
            numbers += (0, 0)
    return tuple(numbers)
