"""Files that are there whole or not at all, and a log that is appended to line by line."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trickrun.data.formats import paths
from trickrun.errors import CannotWrite, DataError, RunFolderError
from trickrun.training.spans import timed

REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space"),
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "get permission to write there"),
    errno.EROFS: "make the file system writable",
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), "restore its folder, which is gone"),
    errno.EISDIR: "move the folder that is in its place",
    errno.ELOOP: "move the link that is in its place",
    errno.ENXIO: "move the pipe that is in its place",
    **dict.fromkeys((errno.EIO, errno.ESTALE), "check the disk, or the connection to it"),
}
"""What to do where a file cannot be written, by the number of the operating system's error."""


HALF_WRITTEN = ".tmp"
"""How the name of a file ends that is being written, in every version."""

ONLY_THE_FILE = os.O_NOFOLLOW | os.O_NONBLOCK
"""A link in a file's place is not followed out of the folder; a pipe is not waited for."""


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file for reading. Raises OSError, also for a pipe or a device, which may never end."""
    try:
        with paths.opened(path) as stream:
            yield stream
    except DataError as error:
        raise OSError(errno.EINVAL, error.message, str(path)) from error


def content_of(path: Path) -> bytes:
    """Return what is in a file. Raises OSError as ``opened``."""
    with opened(path) as stream:
        return stream.read()


YOUNG = 10.0
"""Seconds for which what a new run writes may wait to be brought to the disk itself. To wait for a
disk takes 5 to 10 ms a time, a tenth of a training that takes a second; what a power cut could lose
meanwhile takes as long to compute again."""


@dataclass
class Waiting:
    """What a new run has written, but not brought to the disk itself.

    Args:
        until: the moment (time.monotonic) from which on nothing waits.
        files: in the order in which each was last written.
        folders: those that they lie in.
    """

    until: float
    files: dict[Path, None] = field(default_factory=dict)
    folders: dict[Path, None] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Let a file wait that has just been written."""
        self.files.pop(path, None)
        self.files[path] = None
        self.folders[path.parent] = None

    def settle(self) -> None:
        """Bring all of it to the disk itself: files first, then their names. Raises CannotWrite."""
        while self.files or self.folders:
            waiting = self.files or self.folders
            path = next(iter(waiting))
            if path.exists():  # previous.pt may have become last.pt again
                bring_to_disk(path)
            del waiting[path]


_young: dict[Path, Waiting] = {}
"""By the folders of the new runs that this process is writing."""


@contextmanager
def young(folder: Path) -> Iterator[None]:
    """Let what is written in the folder of a new run wait for the disk: until the end of the block,
    or the first write after YOUNG seconds.

    Each file still appears whole, and in its order; only a power cut can tell the difference.
    Raises CannotWrite.
    """
    waiting = _young[folder] = Waiting(time.monotonic() + YOUNG)
    try:
        yield
    except BaseException:
        with contextlib.suppress(CannotWrite):  # it would hide what has gone wrong
            waiting.settle()
        raise
    else:
        waiting.settle()
    finally:
        del _young[folder]


def may_wait(path: Path) -> Waiting | None:
    """Return where a file is to wait for the disk; None: it does not. Raises CannotWrite."""
    waiting = next((_young[folder] for folder in path.parents if folder in _young), None)
    if waiting is None or time.monotonic() < waiting.until:
        return waiting
    waiting.settle()
    return None


@timed("writing")
def write_whole(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Write ``content`` to ``path`` so that a crash leaves the old file or the new one.

    Args:
        keep: where the old file goes; a crash may leave it there and none at ``path``.

    Raises CannotWrite; the old file is then still there.
    """
    # A name of its own: another process may be writing the same file.
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{HALF_WRITTEN}")
    waiting = may_wait(path)
    with explained(path):
        try:
            write_new(beside, content, durably=waiting is None)
            if keep is not None and path.exists():
                os.replace(path, keep)
            os.replace(beside, path)
        except OSError:
            # What was written of it takes the space that a full disk lacks.
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    if waiting is None:
        bring_to_disk(path.parent)
        return
    for written in (keep, path):
        if written is not None:
            waiting.add(written)


def write_new(path: Path, content: bytes, durably: bool) -> None:
    """Write ``content`` to ``path``, and to the disk itself if ``durably``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | ONLY_THE_FILE
    descriptor = os.open(path, flags, 0o644)
    try:
        write_all(descriptor, content)
        if durably:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_half_written(folder: Path) -> None:
    """Remove what a crash left half written in a folder and the folders in it. Raises CannotWrite.

    Only the one process that works in ``folder`` may do so.
    """
    for pattern in (f"*{HALF_WRITTEN}", f"*/*{HALF_WRITTEN}"):
        for path in folder.glob(pattern):
            with explained(path):
                path.unlink(missing_ok=True)


@timed("writing")
def append(path: Path, content: bytes, durably: bool = True) -> None:
    """Append ``content`` to ``path``. Raises CannotWrite.

    Args:
        durably: outlast a power cut. A killed process loses nothing either way.
    """
    waiting = may_wait(path) if durably else None
    with explained(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | ONLY_THE_FILE
        descriptor = os.open(path, flags, 0o644)
        try:
            write_all(descriptor, content)
            if waiting is not None:
                waiting.add(path)
            elif durably:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def truncate(path: Path, length: int) -> None:
    """Cut ``path`` to ``length`` bytes. Raises RunFolderError, also if it is shorter than that."""
    with explained(path):
        descriptor = os.open(path, os.O_WRONLY | ONLY_THE_FILE)
        try:
            size = os.fstat(descriptor).st_size
            if size < length:
                raise RunFolderError(
                    f"it has {size} bytes, but its checkpoint knows {length}",
                    str(path),
                    "lines were lost: train the recipe again",
                )
            os.ftruncate(descriptor, length)
        finally:
            os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of ``content``; os.write alone may write less."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync(path: Path) -> None:
    """Bring what was appended to a file to the disk itself, at once or when it is time; see
    ``young``."""
    waiting = may_wait(path)
    if waiting is None:
        bring_to_disk(path)
    else:
        waiting.add(path)


@timed("writing")
def bring_to_disk(path: Path) -> None:
    """Bring what was written to a file, or renamed in a folder, to the disk itself."""
    with explained(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's error about ``path`` into CannotWrite."""
    try:
        yield
    except OSError as error:
        ways = [way for way in (remedy(error), "choose another place with --runs-dir") if way]
        raise CannotWrite(
            f"cannot write: {error.strerror or error}", str(path), ", or ".join(ways)
        ) from error


def remedy(error: OSError) -> str:
    """Return what to do about an error in writing; empty if nobody can tell."""
    return REMEDIES.get(error.errno or 0, "")


def to_json(value: Any, indent: int | None = None) -> str:
    """Return JSON in which a non-finite number is null, as JSON has none."""
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a copy of everything is only made where there is such a number
        return json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def finite(value: Any) -> Any:
    """Return ``value`` with every non-finite float replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value
