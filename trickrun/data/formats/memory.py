"""The machine's memory, which bounds what may be read and built."""

from __future__ import annotations

import os
import re
from pathlib import Path


def memory() -> dict[str, int]:
    """Return the machine's memory and, on Linux, what of it a program can have, in bytes."""
    told = {"total": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
    try:
        kernel = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return told
    # Not MemFree: what only caches files is given up when a program asks for it.
    available = re.search(r"^MemAvailable: *(\d+) kB$", kernel, re.MULTILINE)
    return told | {"free": int(available[1]) * 1024} if available else told


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
    taken = f"{needed / 2**30:,.0f} GiB" if needed < 2**80 else "more memory than there is anywhere"
    return f"{taken}; {free / 2**30:,.1f} GiB are free"
