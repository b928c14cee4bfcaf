"""On what a run runs: recorded with it, and compared when it is resumed."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from trickrun import __version__
from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import SplitData
from trickrun.params import foreign_code
from trickrun.recipe.schema import Recipe
from trickrun.training.job import RecipeJob
from trickrun.user_code import source_hash

ARITHMETIC = 3
"""Raised by 1 with every change of what some recipe computes: of its batches, its draws, its steps.
A run that began with other arithmetic cannot go on; folders that do not tell it have 1.

2: ResNets of width 1 to 7 subsample before the shortcut's convolution (nn/subsampled.py).
3: numbers and values to predict are normalized once, in float64 (data/splits/narrow.py), and
   train_loss, which early stopping and plateau may watch, is a mean over samples, not over steps.
"""

EXACT = ("trickrun", "torch", "cpu", "device", "threads", "engine")
"""Facts about the process that a bitwise equal resume needs unchanged."""


def describe(device: torch.device, command: list[str], folder: Path) -> dict[str, Any]:
    """Return the facts about this process that env.json holds.

    Args:
        folder: the recipe's folder, where relative paths and python targets are found.
    """
    commit, dirty = git_state(folder)
    return {
        "trickrun": __version__,
        "arithmetic": ARITHMETIC,
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scikit-learn": version("scikit-learn"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "cpus": os.cpu_count(),
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "engine": "process",
        "git_commit": commit,
        "git_dirty": dirty,
        "recipe_folder": str(folder.resolve()),
        "command": command,
    }


def describe_job(job: RecipeJob, command: list[str]) -> dict[str, Any]:
    """Return ``describe`` and what else decides how ``job`` trains: its data and user code."""
    return {
        **describe(job.device, command, job.folder),
        "data": data_hash(job.data),
        "user_code": user_code(job.recipe, job.folder),
    }


def device_name(device: torch.device) -> str:
    """Return ``cpu`` or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in ``folder`` and whether tracked files differ from it.

    Both are None in no git checkout, and what git cannot tell is. Nor is it asked for changes
    where the checkout's own settings name programs that read the files for it: the folder may be a
    stranger's.
    """
    commit = git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    filters = git(folder, "config", "--show-scope", "--get-regexp", r"^filter\.") or ""
    if any(not line.startswith(OWN_SCOPES) for line in filters.splitlines()):
        return commit, None
    changes = git(
        folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty"
    )
    return commit, None if changes is None else bool(changes)


OWN_SCOPES = ("system", "global", "command")
"""Settings of git that are the user's own, not a checkout's."""

HARMLESS = ("--no-optional-locks", "-c", "core.fsmonitor=false")
"""What keeps git from writing, and from a program that a checkout names to watch its files."""

NO_FETCHING = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""A checkout may lack objects, and name a program that gets them."""


def git(folder: Path, *arguments: str) -> str | None:
    """Return what a git command prints about ``folder``, or None if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *HARMLESS, *arguments],
            capture_output=True,
            text=True,
            timeout=5,
            env={**os.environ, **NO_FETCHING},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def data_hash(data: Prepared) -> str:
    """Return a hash of all samples and targets of all splits; of images that stay in their files
    the names and sizes stand for them."""
    digest = hashlib.blake2b(digest_size=16)
    for path in data.files.paths if data.files is not None else ():
        digest.update(f"{path.parent.name}/{path.name} {path.stat().st_size}\n".encode())
    for part in (data.train, data.val, data.test):
        for tensor in (part.x, part.y, part.w) if part is not None else ():
            if tensor is None:
                continue
            digest.update(f"{tensor.dtype}{list(tensor.shape)}".encode())
            digest.update(tensor.cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def data_hash_in_float32(data: Prepared) -> str:
    """Return what ``data_hash`` returned up to arithmetic 2, when values to predict were float32.

    Args:
        data: held as such a run held them; see ``trained.stand_in``.
    """

    def part(split: SplitData | None) -> SplitData | None:
        if split is None or data.task.kind != "regression":
            return split
        y = data.target_scaler.to(torch.float32)(data.in_own_unit(split.y).float())
        return SplitData(split.x, y)

    train = part(data.train)
    assert train is not None
    return data_hash(replace(data, train=train, val=part(data.val), test=part(data.test)))


def user_code(recipe: Recipe, folder: Path) -> dict[str, str | None]:
    """Return the hash of the source of each python target and foreign kind in the recipe."""
    return {target: source_hash(target, folder) for target in foreign_code(recipe)}


def differences(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return, in words, each fact that an exact resume needs and that is not as recorded."""
    changed = [
        f"{fact} was {recorded.get(fact)}, is {now[fact]}"
        for fact in EXACT
        if recorded.get(fact) != now[fact]
    ]
    if recorded.get("data") != now["data"]:
        changed.append("the data has changed")
    known = recorded.get("user_code", {})
    return changed + [
        f"the code of {target} has changed"
        for target, source in now["user_code"].items()
        if known.get(target) != source
    ]
