"""Files that are there whole or not at all, and a log that is appended to line by line."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
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


@timed("writing")
def write_whole(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Write ``content`` to ``path`` so that a crash leaves the old file or the new one.

    Args:
        keep: where the old file goes; a crash may leave it there and none at ``path``.

    Raises CannotWrite; the old file is then still there.
    """
    # A name of its own: another process may be writing the same file.
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{HALF_WRITTEN}")
    with explained(path):
        try:
            write_durably(beside, content)
            if keep is not None and path.exists():
                os.replace(path, keep)
            os.replace(beside, path)
        except OSError:
            # What was written of it takes the space that a full disk lacks.
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        sync(path.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` and to the disk itself."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | ONLY_THE_FILE
    descriptor = os.open(path, flags, 0o644)
    try:
        write_all(descriptor, content)
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
    with explained(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | ONLY_THE_FILE
        descriptor = os.open(path, flags, 0o644)
        try:
            write_all(descriptor, content)
            if durably:
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


@timed("writing")
def sync(path: Path) -> None:
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
