"""The machine's memory, which bounds what may be read and built."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

UNLIMITED = 2**60
"""Bytes from which on a limit is none; version 1 of control groups writes nearly 2^63."""


def memory() -> dict[str, int]:
    """Return the bytes of the machine's memory (total) and, on Linux, those that this program can
    have (free) and may have at most (limit, if its control group has one)."""
    told = {"total": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
    group = group_limits()
    if group is not None:
        told["limit"] = group[0]
    try:
        kernel = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return told
    # Not MemFree: what only caches files is given up when a program asks for it.
    available = re.search(r"^MemAvailable: *(\d+) kB$", kernel, re.MULTILINE)
    if available is None:
        return told
    free = int(available[1]) * 1024
    return told | {"free": min(free, group[1]) if group is not None else free}


@dataclass(frozen=True)
class GroupFiles:
    """Where Linux tells of the memory of a control group.

    Args:
        root: the folder of the groups.
        controllers: what names the hierarchy in /proc/self/cgroup.
        limit, used: the files in a group's folder.
        cached: the line of memory.stat with what only caches files and is given up when needed.
    """

    root: str
    controllers: str
    limit: str
    used: str
    cached: str


VERSIONS = (
    GroupFiles("sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file"),
    GroupFiles(
        "sys/fs/cgroup/memory",
        "memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
"""Version 2 and 1 of control groups (Linux, Documentation/admin-guide/cgroup-v2.rst and
cgroup-v1/memory.rst)."""


def group_limits(root: Path = Path("/")) -> tuple[int, int] | None:
    """Return the bytes that this process's control group, such as a container, may have, and those
    that it can still have; None without a limit, and where there are no such groups.

    The groups around it bound it too.

    Args:
        root: the folder that holds proc and sys.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for files in VERSIONS:
            if files.controllers in controllers.split(","):
                place = root / files.root / path.lstrip("/")
                # In a container, whose own group is all that is seen, the path may not be there.
                folders = [place, *place.parents][: len(place.parts)]
                found += [limits_in(folder, files) for folder in folders]
    known = [limit for limit in found if limit is not None]
    return (min(limit for limit, _ in known), min(free for _, free in known)) if known else None


def limits_in(folder: Path, files: GroupFiles) -> tuple[int, int] | None:
    """Return the limit of one group and what is left of it; None if it has none."""
    try:
        limit = int((folder / files.limit).read_text())  # version 2 says max where there is none
        used = int((folder / files.used).read_text())
        told = (folder / "memory.stat").read_text()
    except (OSError, ValueError):
        return None
    if limit >= UNLIMITED:
        return None
    cached = re.search(rf"^{files.cached} (\d+)$", told, re.MULTILINE)
    return limit, max(0, limit - used + (int(cached[1]) if cached else 0))


def usable_memory() -> int:
    """Return the bytes that a program can have: half of all where nothing tells what is free."""
    told = memory()
    return told.get("free", told["total"] // 2)


def beyond_memory(needed: float) -> str:
    """Return in words that so many bytes are more than a program can have; empty if they are not.

    Args:
        needed: infinite if they are more than can be counted.
    """
    free = usable_memory()
    if needed <= free:
        return ""
    return f"{in_words(needed)}; {in_words(free)} are free"


def in_words(size: float) -> str:
    """Return a number of bytes in the largest unit of which there is one."""
    if size >= 2**80:
        return "more memory than any machine has"
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,.0f} bytes"
