"""What this machine offers to training, and any problems with it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import torch

from trickrun import __version__
from trickrun.data._data import DATA_KINDS, Data
from trickrun.data.formats.memory import memory
from trickrun.errors import DataError
from trickrun.run.environment import device_name
from trickrun.training.device import pick_device
from trickrun.training.threads import cores

LITTLE_DISK = 2**30
"""Bytes: checkpoints of a middling network fill less than this."""


def examine(runs: Path) -> dict[str, Any]:
    """Return facts about this machine and installation; ``problems`` lists what is wrong, in words.

    Args:
        runs: the runs folder.
    """
    facts: dict[str, Any] = {
        "versions": versions(),
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "platform": platform.platform(),
        "device": device(),
        "cpu": {
            "cpus": os.cpu_count(),
            "usable": cores(),
            "threads": torch.get_num_threads(),
        },
        "memory_bytes": memory(),
        "runs": runs_folder(runs),
        "data": data_sets(Path.cwd()),
    }
    return {**facts, "problems": problems(facts)}


def versions() -> dict[str, str | None]:
    """Return the versions of trickrun and the packages that it needs; None for a missing one."""
    names = [name_of(need) for need in requires("trickrun") or [] if "extra ==" not in need]
    return {"trickrun": __version__, **{name: installed(name) for name in sorted(names)}}


def name_of(requirement: str) -> str:
    """Return the package's name in a requirement such as ``torch>=2.6``."""
    return next(requirement[:i] for i, c in enumerate(requirement + " ") if c in " <>=!~[;(")


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def device() -> dict[str, Any]:
    """Return the device that ``train.device: auto`` chooses, and the GPUs there are."""
    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            gpu = {"name": torch.cuda.get_device_name(index), "free": free, "total": total}
            gpus.append(gpu)
    chosen = pick_device("auto")
    mps = torch.backends.mps.is_available()
    return {
        "auto": device_name(chosen),
        "cuda": torch.version.cuda,
        "mps": mps,
        "gpus": gpus,
    }


def runs_folder(path: Path) -> dict[str, Any]:
    """Return where runs are kept, whether they can be written, and the space that is left."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            writable = True
    except OSError:
        writable = False
    return {
        "path": str(path),
        "writable": writable,
        "free_bytes": shutil.disk_usage(existing).free,
    }


def data_sets(folder: Path) -> dict[str, str | None]:
    """Return where the data sets that are not in a package were found, or None.

    Args:
        folder: the recipe's folder.
    """
    found: dict[str, str | None] = {}
    for name, kind in DATA_KINDS.all().items():
        if issubclass(kind, Data) and kind.places:
            try:
                found[name] = str(kind().found_in(folder))
            except DataError:
                found[name] = None
    return found


def problems(facts: dict[str, Any]) -> list[str]:
    """Return what would stop or slow training, in words."""
    runs, cpu = facts["runs"], facts["cpu"]
    found = [f"{name} is not installed" for name, v in facts["versions"].items() if v is None]
    if not runs["writable"]:
        found.append(f"runs cannot be written to {runs['path']}: use --runs-dir or TRICKRUN_RUNS")
    if runs["free_bytes"] < LITTLE_DISK:
        found.append(f"less than 1 GiB of disk is free for {runs['path']}")
    if cpu["threads"] > cpu["usable"]:
        found.append(
            f"torch uses {cpu['threads']} threads on {cpu['usable']} processors: "
            f"set OMP_NUM_THREADS={cpu['usable']}"
        )
    return found
