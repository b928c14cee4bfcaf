"""On what a run runs: recorded with it, and compared when it is resumed."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from trickrun import __version__

EXACT = ("trickrun", "torch", "device", "threads", "engine")
"""Facts that a bitwise equal resume needs unchanged."""


def describe(device: torch.device, command: list[str], folder: Path) -> dict[str, Any]:
    """Return the facts about this process that env.json holds.

    Args:
        folder: the recipe's folder, where relative paths and python targets are found.
    """
    return {
        "trickrun": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "cpus": os.cpu_count(),
        "engine": "process",
        "git_commit": git_commit(folder),
        "recipe_folder": str(folder.resolve()),
        "command": command,
    }


def device_name(device: torch.device) -> str:
    """Return ``cpu`` or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def git_commit(folder: Path) -> str | None:
    """Return the commit checked out in ``folder``, or None if it is in no git checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def differences(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return, in words, each fact that an exact resume needs and that is not as recorded."""
    return [
        f"{fact} was {recorded.get(fact)}, is {now[fact]}"
        for fact in EXACT
        if recorded.get(fact) != now[fact]
    ]
