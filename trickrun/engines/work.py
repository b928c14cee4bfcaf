"""What a worker process does: train one trial in memory and say how it ended."""

from __future__ import annotations

import json
import time
from pathlib import Path

import torch

from trickrun.compiler import compile_recipe
from trickrun.data.prepare import Prepared, prepare
from trickrun.engines.trial import Status, Trial, TrialResult
from trickrun.errors import TrickrunError
from trickrun.loop import train
from trickrun.recipe.load import from_tree
from trickrun.recipe.schema import Recipe
from trickrun.records import End, NonFinite

NAME = "processes"
NOT_IN_DATA = {"batch_size", "shuffle", "drop_last"}
"""Words of the data section that do not change what is prepared."""


def set_up() -> None:
    """Give a worker one thread: there is one worker a core, so more would only wait."""
    torch.set_num_threads(1)


def run_trial(trial: Trial, folder: Path, metric: str) -> TrialResult:
    """Train ``trial`` and return its result; what the recipe causes is a result, not an error.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record, for example val_loss.
    """
    started = time.perf_counter()

    def ended(status: Status, values: dict[str, float], reason: str = "") -> TrialResult:
        seconds = time.perf_counter() - started
        value = values.get(metric)
        return TrialResult(trial.id, trial.params, status, value, values, seconds, NAME, reason)

    try:
        recipe = from_tree(trial.tree)
        job = compile_recipe(recipe, folder, prepared(recipe, folder))
        records = list(train(job))
    except NonFinite as error:
        return ended("diverged", {}, str(error))
    except (torch.OutOfMemoryError, MemoryError) as error:
        return ended("crashed", {}, f"out of memory: {error}")
    except TrickrunError as error:
        return ended("failed", {}, str(error))
    except Exception as error:  # user code may raise anything; the other trials go on
        return ended("failed", {}, f"{type(error).__name__}: {error}")
    end = records[-1]
    assert isinstance(end, End)
    if metric not in end.best:
        return ended("failed", {}, f"its evaluations have no {metric}: {', '.join(end.best)}")
    return ended("finished", end.best)


def prepared(recipe: Recipe, folder: Path) -> Prepared:
    """Return the recipe's prepared data; a worker keeps the newest, as trials mostly share it."""
    words = recipe.data.model_dump(mode="json", by_alias=True, exclude=NOT_IN_DATA)
    kept = (json.dumps(words, sort_keys=True), folder)
    if kept not in _kept:
        _kept.clear()
        _kept[kept] = prepare(recipe.data, folder)
    return _kept[kept]


_kept: dict[tuple[str, Path], Prepared] = {}
