"""Files that are there whole or not at all, and a log that is appended to line by line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trickrun.errors import RunFolderError


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that a crash leaves the old file or the new one.

    Raises RunFolderError if it cannot be written.
    """
    beside = path.with_name(path.name + ".tmp")
    with explained(path):
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, path)
        sync_folder(path.parent)


def append(path: Path, content: bytes) -> None:
    """Append ``content`` to ``path`` and make it durable. Raises RunFolderError."""
    with explained(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def truncate(path: Path, length: int) -> None:
    """Cut ``path`` to ``length`` bytes: what came after was never part of a checkpoint."""
    with explained(path):
        os.truncate(path, length)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of ``content``; os.write alone may write less."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's error about ``path`` into a RunFolderError."""
    try:
        yield
    except OSError as error:
        raise RunFolderError(
            f"cannot write: {error.strerror or error}",
            str(path),
            "free some space, or choose another place with --runs-dir",
        ) from error


def to_json(value: Any, indent: int | None = None) -> str:
    """Return JSON in which a non-finite number is null, as JSON has none."""
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
