"""Files that a recipe names: found, read, and identified by their content."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from trickrun.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"


def locate(path: str, folder: Path) -> Path:
    """Return ``path`` as an absolute path; a relative one is relative to ``folder``."""
    return (folder / Path(path).expanduser()).absolute()


def read_bytes(path: Path) -> bytes:
    """Return a file's content. Raises DataError if it is missing, a folder, or not readable."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError("there is no such file", str(path), missing_hint(path)) from error
    except IsADirectoryError as error:
        raise DataError("this is a folder, not a file", str(path), "name a file in it") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", str(path)) from error


def unpacked(path: Path, content: bytes) -> bytes:
    """Return a file's content, unpacked if it is packed with gzip. Raises DataError if broken."""
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"cannot be unpacked: {error}", str(path), "get it again") from error


def missing_hint(path: Path) -> str:
    """Return what to do about a missing file: a near name in its folder, if there is one."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"{path.parent} is missing too; relative paths start at the recipe's folder"
    close = get_close_matches(path.name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "relative paths start at the recipe's folder"


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
    return hashlib.blake2b(read_bytes(path), digest_size=16).hexdigest()
