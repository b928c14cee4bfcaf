"""Going on with a run: exactly where it was, or changed a little in a new folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from trickrun import environment
from trickrun.compiler import compile_recipe
from trickrun.errors import RunFolderError
from trickrun.folder import RunFolder
from trickrun.job import Job
from trickrun.loop import Progress, restore
from trickrun.recipe.load import Loaded, load
from trickrun.run import start

CHANGEABLE = ("train.epochs", "train.steps", "early_stopping", "train.device")


@dataclass(frozen=True)
class Resumed:
    """A run brought back to its last checkpoint.

    Args:
        best: the best evaluation's model state so far, or None.
        warnings: what differs from when the run began, so that it may not end bitwise equal.
    """

    folder: RunFolder
    job: Job
    progress: Progress
    best: dict[str, torch.Tensor] | None
    warnings: list[str]


def resume(folder: RunFolder, overrides: Sequence[str], root: Path, command: list[str]) -> Resumed:
    """Bring the run in ``folder`` back to its last checkpoint.

    Args:
        overrides: changes of the recipe, only of CHANGEABLE; they make a new run below ``root``
            whose parent this one is.

    Raises:
        RunFolderError: it is finished and nothing is changed, or a change is not allowed.
    """
    check_changes(overrides)
    if not overrides and folder.status == "finished":
        raise RunFolderError(
            "this run is finished",
            str(folder.path),
            "to train longer, give a change: trickrun train --resume RUN train.epochs=N",
        )
    loaded = load(folder.path / "resolved.yaml", overrides)
    facts = folder.read_json("env.json")
    recipe_folder = Path(facts["recipe_folder"])
    job = compile_recipe(loaded.recipe, recipe_folder)
    state, best = folder.load("last"), folder.load("best")
    now = environment.describe(job.device, command, recipe_folder)
    changed = environment.differences(facts, now) if state is not None else []
    if overrides:
        folder = branch(folder, loaded, root, command, recipe_folder)
    folder.rewind(state["metrics_bytes"] if state is not None else 0)
    progress = restore(job, state) if state is not None else Progress()
    # Before the first checkpoint, a best.pt is one that the repetition will write again.
    weights = best["model"] if best is not None and state is not None else None
    return Resumed(folder, job, progress, weights, changed)


def check_changes(overrides: Sequence[str]) -> None:
    """Raise RunFolderError for a change that would make it another run."""
    for override in overrides:
        path = override.split("=", 1)[0]
        if not any(path == allowed or path.startswith(f"{allowed}.") for allowed in CHANGEABLE):
            raise RunFolderError(
                f"{path} cannot be changed while resuming",
                f"command line: {override}",
                "only " + ", ".join(CHANGEABLE) + " can; train the changed recipe anew",
            )


def branch(
    parent: RunFolder, loaded: Loaded, root: Path, command: list[str], recipe_folder: Path
) -> RunFolder:
    """Return a new run that begins with the parent's checkpoints and metrics."""
    child = start(loaded, root, command, recipe_folder, parent=str(parent.path))
    for name in ("metrics.jsonl", "checkpoints/best.pt", "checkpoints/last.pt"):
        if (parent.path / name).exists():
            shutil.copyfile(parent.path / name, child.path / name)
    return child
