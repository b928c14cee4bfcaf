"""A trial: one recipe to train, the identity by which it is never trained twice, and its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from trickrun.recipe.load import from_tree
from trickrun.recipe.schema import Recipe
from trickrun.source_hash import source_hash

Status = Literal["finished", "stopped", "diverged", "failed", "crashed"]
"""finished; stopped: at a rung of successive halving; diverged: its loss became non-finite; failed:
its recipe cannot be a job; crashed: its process died or memory ran out, which may be no fault of
the recipe's, so it is tried again."""


@dataclass(frozen=True)
class Trial:
    """One recipe of a search.

    Args:
        id: its identity; see ``identity``.
        params: recipe path to the value that this trial has there.
        tree: the whole recipe as a canonical tree.
    """

    id: str
    params: dict[str, Any]
    tree: dict[str, Any]


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended.

    Args:
        metric: the searched metric at the trial's best evaluation; None unless it finished or
            stopped.
        values: that evaluation's record; empty where there is no metric.
        seconds: wall time, compilation included.
        reason: why it did not finish.
        rung: the rung of successive halving that it reached, from 1.
    """

    id: str
    params: dict[str, Any]
    status: Status
    metric: float | None
    values: dict[str, float]
    seconds: float
    engine: str
    reason: str = ""
    rung: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_trial(tree: dict[str, Any], params: Mapping[str, Any], folder: Path) -> Trial:
    """Return the trial of a canonical ``tree``; raises RecipeError if it is no valid recipe."""
    recipe = from_tree(tree)
    return Trial(identity(recipe, folder), dict(params), tree)


def identity(recipe: Recipe, folder: Path) -> str:
    """Return the hash of everything that a trial's result depends on.

    That is the resolved recipe without name, grid, expect, device and threads, with its seed; the
    data's fingerprint; and the source of the user's code.
    """
    resolved = recipe.model_dump(mode="json", by_alias=True, exclude={"name", "grid", "expect"})
    del resolved["train"]["device"], resolved["train"]["threads"]
    content = {
        "recipe": resolved,
        "data": recipe.data.fingerprint(folder),
        "sources": [source_hash(target, folder) for target in sorted(targets_in(resolved))],
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def targets_in(value: Any) -> Iterator[str]:
    """Yield every python target in resolved plain data."""
    if isinstance(value, dict):
        if isinstance(value.get("target"), str):
            yield value["target"]
        for item in value.values():
            yield from targets_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from targets_in(item)
