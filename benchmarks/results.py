"""RESULTS.md: each benchmark writes its own section, with the machine and versions it ran on."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = "# What was measured\n\nEach section is written by the benchmark that it names.\n"


def write_section(title: str, body: str, path: Path = RESULTS) -> None:
    """Put ``body`` under the heading ``title``, in place of what was there."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    section = f"## {title}\n\n{body.strip()}\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: section + "\n", text)
    else:
        text = f"{text.rstrip()}\n\n{section}"
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def machine(*packages: str) -> str:
    """Return processor, cores, Python and the versions of ``packages`` in a line."""
    versions = [f"{name} {installed(name)}" for name in packages]
    cores = f"{os.cpu_count()} cores"
    return ", ".join([processor(), cores, f"Python {platform.python_version()}", *versions])


def installed(package: str) -> str:
    """Return a package's version, or that it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def processor() -> str:
    """Return the processor's name."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()
