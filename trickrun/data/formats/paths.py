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
    except OSError as error:
        raise not_readable(path, error) from error


def first_bytes(path: Path, count: int) -> bytes:
    """Return a file's first bytes. Raises DataError as ``read_bytes``."""
    try:
        with path.open("rb") as file:
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
    """Return a file's content, unpacked if it is packed with gzip. Raises DataError if broken."""
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"cannot be unpacked: {error}", str(path), "get it again") from error


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
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise not_readable(path, error) from error
