"""Files that a recipe names: found, read, and identified by their content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from trickrun.data.formats.memory import usable_memory
from trickrun.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"


def locate(path: str, folder: Path) -> Path:
    """Return ``path`` as an absolute path; a relative one is relative to ``folder``.

    Raises DataError if it begins with ``~`` and the name of nobody, or is not UTF-8.
    """
    try:
        found = (folder / Path(path).expanduser()).absolute()
    except RuntimeError as error:
        raise DataError("there is no such user", path, "write ~/ for your own home") from error
    check_name(found)
    return found


def check_name(path: Path) -> None:
    """Raise DataError unless a path is UTF-8, as files of runs and messages that name it are."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise DataError("this path is not UTF-8", repr(str(path)), "rename it") from error


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file that a user names for reading; every such file is opened here, or looked at here
    before another library opens it.

    Raises OSError as ``open`` does, and DataError for a pipe or a device, which may never end.
    """
    # Without O_NONBLOCK, a pipe is waited for until somebody writes into it.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            message = "this is a pipe or a device, not a file"
            raise DataError(message, str(path), "save its output to a file")
        yield file


def read_bytes(path: Path) -> bytes:
    """Return a file's content. Raises DataError if it is missing, no file, or not readable."""
    try:
        with opened(path) as file:
            return file.read()
    except OSError as error:
        raise not_readable(path, error) from error


def check_file(path: Path) -> None:
    """Raise DataError unless this is a file that can be read: it is there, and is no folder, pipe
    or device."""
    first_bytes(path, 1)


def first_bytes(path: Path, count: int) -> bytes:
    """Return a file's first bytes. Raises DataError as ``read_bytes``."""
    try:
        with opened(path) as file:
            return file.read(count)
    except OSError as error:
        raise not_readable(path, error) from error


def not_readable(path: Path, error: OSError) -> DataError:
    """Return the error about a file that is missing, a folder, or not readable."""
    if isinstance(error, FileNotFoundError):
        return DataError("there is no such file", str(path), missing_hint(path))
    if isinstance(error, IsADirectoryError):
        return DataError("this is a folder, not a file", str(path), "name a file in it")
    return DataError(f"cannot be read: {error.strerror}", str(path))


def unpacked(path: Path, content: bytes) -> bytes:
    """Return a file's content, unpacked if it is packed with gzip.

    Raises DataError if it is broken, or would take more memory than it may.
    """
    if not content.startswith(GZIP_MAGIC):
        return content
    most = most_unpacked(len(content))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            found = file.read(most + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"cannot be unpacked: {error}", str(path), "get a new copy of it"
        ) from error
    if len(found) > most:
        raise DataError(
            f"its {len(content)} bytes unpack to more than {most}, which is too much to read",
            str(path),
            "check what it holds: gzip -l shows its size",
        )
    return found


SMALL = 2**26
"""Bytes that any file may unpack to: 64 MiB, more than each file of MNIST."""

USUAL_RATIO = 100
"""Times its size that a packed file of real data may be. MNIST's images take 5 times, its labels
2, text 3 to 10; zeros, 1000."""


def most_unpacked(size: int) -> int:
    """Return how many bytes a packed file of ``size`` bytes may unpack to: 100 times as many, or
    64 MiB if that is more, but at most half of the memory that is free."""
    return min(max(SMALL, USUAL_RATIO * size), usable_memory() // 2)


def decoded(path: Path) -> str:
    """Return the text of a file in UTF-8. Raises DataError if it is none."""
    try:
        return unpacked(path, read_bytes(path)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error.start) from error


def not_utf8(path: Path, byte: int) -> DataError:
    """Return the error about a file whose ``byte`` (from 0) cannot be text."""
    return DataError(
        f"this is not text in UTF-8 (byte {byte})", str(path), "export it as csv in UTF-8"
    )


def missing_hint(path: Path) -> str:
    """Return what to do about a missing file: a near name in its folder, if there is one."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"{path.parent} is missing too; relative paths start at the recipe's folder"
    close = sorted(name for name in names if misspelled(path.name, name))
    if close:
        return f"did you mean {close[0]!r}?"
    return "relative paths start at the recipe's folder"


def misspelled(written: str, name: str) -> bool:
    """Return whether ``written`` is ``name`` with a slip or two, and not another file's name: one
    that begins otherwise, or has other numbers or single letters (``x_1.csv``, ``y_2.csv``)."""
    one, other = written.casefold(), name.casefold()
    if one[:1] != other[:1] or marks(one) != marks(other):
        return False
    return edits(one, other) <= (len(one) + 1) // 4


def marks(name: str) -> list[str]:
    """Return the numbers and the single letters of a name."""
    return re.findall(r"\d+|(?<![^\W\d_])[^\W\d_](?![^\W\d_])", name)


def edits(one: str, other: str) -> int:
    """Return how many letters must be added, left out, replaced or swapped with the next one (the
    optimal string alignment distance)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def content_hash(path: Path) -> str:
    """Return a hash of a file's content. Raises DataError if it cannot be read."""
    try:
        status = path.stat()
    except OSError:
        read_bytes(path)  # says why it cannot be read
        raise
    return _content_hash(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _content_hash(path: Path, size: int, modified: int) -> str:
    # Size and time of change are in the key, so that a grid's trials hash a big file once.
    try:
        with opened(path) as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise not_readable(path, error) from error
