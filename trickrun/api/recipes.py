"""Recipes in Python: read one, and train it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from trickrun.api.runs import Folder, Run, root_of
from trickrun.errors import Interrupted
from trickrun.recipe import load as recipe_text
from trickrun.recipe.load import Loaded

RecipeLike = str | os.PathLike[str] | Loaded
"""A recipe's path, or what ``load`` returned."""


def load(recipe: RecipeLike, *overrides: str) -> Loaded:
    """Read a recipe and check it.

    Args:
        recipe: its path; or a loaded recipe, whose file is read again with its own changes first.
        overrides: changes, each ``path=value`` as on the command line.

    Returns:
        The checked recipe; its values stand in ``recipe``, for example
            ``trickrun.load("r.yaml").recipe.optimizer.lr``.

    Raises:
        RecipeError: the file cannot be read, or its text or a change is wrong; it tells of all
            problems.
    """
    if isinstance(recipe, Loaded):
        if not overrides:
            return recipe
        return recipe_text.load(recipe.path, [*recipe.overrides, *overrides])
    return recipe_text.load(Path(recipe), overrides)


def train(
    recipe: RecipeLike,
    *overrides: str,
    stop_when: Literal["lost"] | None = None,
    track: Sequence[str] = (),
    runs_dir: Folder = None,
) -> Run:
    """Train a recipe into a new run folder and return the run; the same as ``trickrun train``.

    Args:
        recipe: see ``load``.
        overrides: see ``load``.
        stop_when: "lost" ends a run that has diverged or is dead.
        track: trackers that the run is sent to as it goes on: tensorboard, mlflow, wandb, trackio.
            One that fails is told on stderr, and harms no run.
        runs_dir: where runs are kept; None: TRICKRUN_RUNS, or ``runs`` in the working folder.

    Raises:
        TrickrunError: the recipe or its data are at fault, or a tracker is not installed.
        TrainingFailed: the loss is not finite, or memory ran out.
        Interrupted: Ctrl-C; a checkpoint is saved, and the error says how to continue.
    """
    loaded, root = load(recipe, *overrides), root_of(runs_dir)
    from trickrun.reporting.commands.tracking import following
    from trickrun.reporting.commands.training import train_recipe
    from trickrun.reporting.telling import tell_training

    line = command_line("train", loaded, {"stop-when": stop_when, "track": ",".join(track) or None})
    with following(track) as trackers:
        folder = train_recipe(loaded, root, line, stop_when, trackers.follow).outcome.folder
    if folder.ended_as == "interrupted":
        error = Interrupted(
            "interrupted", hint=f"continue with: trickrun train --resume {folder.path}"
        )
        error.run = str(folder.path)
        raise error
    tell_training(folder)
    return Run(folder.path)


def command_line(command: str, loaded: Loaded, options: Mapping[str, object]) -> list[str]:
    """Return the command line that does what was called, for the run's record.

    Args:
        options: by their names there; None or False: not given.
    """
    flags = [
        word
        for name, value in options.items()
        if value is not None and value is not False
        for word in ([f"--{name}"] if value is True else [f"--{name}", str(value)])
    ]
    return ["trickrun", command, str(loaded.path), *loaded.overrides, *flags]
