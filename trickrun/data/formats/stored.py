"""A table's file as it is stored: packed or not, read from its beginning as often as is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.data.formats.paths import check_file, first_bytes, not_readable
from trickrun.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
"""What packed files begin with."""


@dataclass(frozen=True)
class Stored:
    """A file.

    Args:
        path: where it is.
        status: its size and time of change when it was opened first.
    """

    path: Path
    status: tuple[int, int]

    @staticmethod
    def at(path: Path) -> Stored:
        """Return the file at ``path``. Raises DataError if it cannot be read."""
        check_file(path)
        return Stored(path, status_of(path))

    @cached_property
    def begin(self) -> bytes:
        """Its first bytes, as they are stored."""
        return first_bytes(self.path, 8)

    @cached_property
    def packing(self) -> str | None:
        """What it is packed with; None: it is not."""
        found = (name for magic, name in PACKED.items() if self.begin.startswith(magic))
        return next(found, None)

    @property
    def size(self) -> int | None:
        """Its bytes; None if it is packed."""
        return self.status[0] if self.packing is None else None

    def opened(self) -> pa.NativeFile:
        """Return the file at its beginning, as it is stored.

        Raises DataError if it has changed since it was opened first.
        """
        import pyarrow as pa

        if status_of(self.path) != self.status:
            raise DataError("the file changed while it was read", str(self.path), "try again")
        return pa.OSFile(str(self.path))

    def unpacked(self) -> pa.NativeFile:
        """Return the file at its beginning, unpacked. Raises DataError as ``opened``."""
        import pyarrow as pa

        if self.packing is None:
            return self.opened()
        return pa.CompressedInputStream(self.opened(), self.packing)

    def head(self, count: int) -> bytes:
        """Return the first ``count`` bytes, unpacked. Raises DataError if they cannot be."""
        try:
            with self.unpacked() as file:
                return bytes(file.read(count))
        except OSError as error:
            raise self.broken(error) from error

    def broken(self, error: OSError) -> DataError:
        """Return the error about a file that cannot be unpacked."""
        return DataError(f"cannot be unpacked: {error}", str(self.path), "get a new copy of it")


def status_of(path: Path) -> tuple[int, int]:
    """Return a file's size and time of change. Raises DataError if it is not there."""
    try:
        status = path.stat()
    except OSError as error:
        raise not_readable(path, error) from error
    return status.st_size, status.st_mtime_ns
