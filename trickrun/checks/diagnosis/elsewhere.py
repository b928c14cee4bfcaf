"""What earlier runs have learned from the same data: no diagnosis claims that nobody can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trickrun.checks.diagnosis.gather import recipe_of
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.errors import TrickrunError
from trickrun.recipe.load import Loaded
from trickrun.run.find import every
from trickrun.run.folder import RunFolder

OF_TRAINING = {
    "batch_size",
    "drop_last",
    "normalize",
    "path",
    "sampling",
    "scale_targets",
    "shuffle",
    "split",
    "subset",
}
"""Parameters of data that change how a network is trained on them, or where they lie, but not what
there is to learn."""


def learned_elsewhere(proxy: ProxyRun, root: Path) -> float | None:
    """Return the best skill of the runs below ``root`` that were trained on the recipe's data; None
    if there is none. Runs whose files cannot be read are passed over."""
    wanted = identity(proxy.loaded)
    skills = []
    for run in every(root, nested=True):
        try:
            if run.metrics_file.exists() and identity(recipe_of(run)) == wanted:
                skills += [proxy.skill(value) for value in best_values(run, proxy.metric)]
        except (TrickrunError, OSError, KeyError, ValueError):
            continue
    return max(skills, default=None)


def identity(loaded: Loaded) -> Any:
    """Return plain data that two recipes share if there is the same to learn for both."""
    data = loaded.recipe.data
    return data.model_dump(exclude=OF_TRAINING), data.fingerprint(loaded.folder)


def best_values(run: RunFolder, metric: str) -> list[float]:
    """Return the values of ``metric`` at a run's best evaluations."""
    lines = [line for line in run.metrics() if line["kind"] == "epoch" and line["best"]]
    values = [line.get(f"val_{metric}") for line in lines]
    return [value for value in values if value is not None]
