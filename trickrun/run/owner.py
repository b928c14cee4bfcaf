"""One process at a time works in a run's folder: it holds a lock on the folder's owner.json.

The lock (``flock``) is the operating system's and ends with the process, however that ends. What is
written in the file only tells people who it is. It decides where there are no locks, as on some
network file systems: there a process that is known to be gone from this machine holds nothing, and
any other may still be at work.

The file is removed when the work ends: one that lies there without a lock is of a killed process.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from trickrun.run import files, records

OWNER = "owner.json"

LOCKED_BEFORE = ("metrics.jsonl", "plan.json", "tree.json")
"""What the versions lock that know no owner.json: in the folder of a run, a search, a checklist."""

SETTLED = 0.1
"""Seconds after which no other process that saw the folder free still writes its owner.json; only
where there are no locks."""


@dataclass(frozen=True)
class Owner:
    """Who works in a folder.

    Args:
        host: the machine's name; empty if nothing is known.
        pid: the process's number there.
        started: when it began to work there, in seconds since 1970.
    """

    host: str
    pid: PositiveInt
    started: Annotated[float, Field(ge=0, le=1e11)]

    @property
    def may_live(self) -> bool:
        """Whether the process may be there still: of one on another machine nobody can tell."""
        return self.host != socket.gethostname() or is_alive(self.pid)

    @property
    def told(self) -> str:
        """What to add to a sentence about the process; nothing if nothing is known."""
        if not self.host:
            return ""
        here = self.host == socket.gethostname()
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.started))
        return f": process {self.pid} on {'this machine' if here else self.host}, since {when}"


UNKNOWN = Owner("", 0, 0.0)


@dataclass(frozen=True)
class Held:
    """What came of an attempt to hold a folder.

    Args:
        other: who holds it instead; None: this process holds it now.
        locks: whether the file system has locks; without them ``other`` may be gone.
    """

    other: Owner | None
    locks: bool = True


@contextmanager
def held(folder: Path) -> Iterator[Held]:
    """Hold ``folder`` unless another process does. That one's files are then left as they are.

    Raises CannotWrite if the lock's file cannot be made.
    """
    if locked_before(folder):
        yield Held(UNKNOWN)
        return
    path = folder / OWNER
    me = Owner(socket.gethostname(), os.getpid(), time.time())
    with files.explained(path):
        descriptor, locked = open_locked(path)
    try:
        other: Owner | None = None
        if locked:
            sign(descriptor, me)
        else:
            other = claim(path, me) if locked is None else read(path) or UNKNOWN
        try:
            yield Held(other, locks=locked is not None)
        finally:
            if other is None:
                # Somebody may have removed it, or its folder, and another process come since.
                mine = is_at(path, descriptor) if locked else read(path) == me
                if mine:
                    with suppress(OSError):
                        os.unlink(path)
    finally:
        os.close(descriptor)


def of(folder: Path) -> Owner | None:
    """Return who works in ``folder``, as far as can be told from here; None: nobody."""
    if locked_before(folder):
        return UNKNOWN
    path = folder / OWNER
    try:
        descriptor = os.open(path, os.O_RDONLY | files.ONLY_THE_FILE)
    except OSError:
        return None
    try:
        locked = try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
    if locked:
        return None
    known = read(path)
    if locked is None:
        return known if known is not None and known.may_live else None
    return known or UNKNOWN


def open_locked(path: Path) -> tuple[int, bool | None]:
    """Open a file, made if need be, and lock it; return whether that worked, and None where there
    are no locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | files.ONLY_THE_FILE, 0o644)
        locked = lock(descriptor)
        if not locked or is_at(path, descriptor):
            return descriptor, locked
        os.close(descriptor)  # the one who held it has removed it meanwhile


def lock(descriptor: int) -> bool | None:
    """Try for a while to lock, as ``of`` itself locks for a moment."""
    for _ in range(20):
        locked = try_lock(descriptor, fcntl.LOCK_EX)
        if locked is not False:
            return locked
        time.sleep(0.005)
    return False


def try_lock(descriptor: int, kind: int) -> bool | None:
    """Return whether a lock could be had; None: the file system has none."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_at(path: Path, descriptor: int) -> bool:
    """Return whether an open file is the one that is at ``path`` now."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def locked_before(folder: Path) -> bool:
    """Return whether a process of an older version works in ``folder``."""
    for name in LOCKED_BEFORE:
        with suppress(OSError):
            descriptor = os.open(folder / name, os.O_RDONLY | files.ONLY_THE_FILE)
            try:
                if try_lock(descriptor, fcntl.LOCK_SH) is False:
                    return True
            finally:
                os.close(descriptor)
    return False


def claim(path: Path, me: Owner) -> Owner | None:
    """Take a folder without locks; return who has it instead, if so. Of several that find it free
    at the same time, the last to write gets it."""
    before = read(path)
    if before is not None and before.may_live:
        return before
    files.write_whole(path, content(me))
    time.sleep(SETTLED)
    now = read(path)
    return None if now == me else now or UNKNOWN


def sign(descriptor: int, me: Owner) -> None:
    """Write who holds the lock into its file, which stays the same file."""
    with suppress(OSError):  # it tells people only: a full disk is told of by what must be written
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content(me), 0)


def content(owner: Owner) -> bytes:
    return (files.to_json(asdict(owner)) + "\n").encode()


def read(path: Path) -> Owner | None:
    """Return who a file says works in its folder; None if it cannot be read or is damaged."""
    try:
        known: Owner = records.adapter(Owner).validate_python(records.parse(files.content_of(path)))
        return known
    except (OSError, ValueError):
        return None


def is_alive(pid: int) -> bool:
    """Return whether there is a process of this number on this machine."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another user's
    except (ProcessLookupError, OverflowError):
        return False
    return True
