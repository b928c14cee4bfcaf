"""A trial: one recipe to train, the identity by which it is never trained twice, and its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from trickrun.params import Params, foreign_code, parts
from trickrun.recipe.load import from_tree
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import default_of
from trickrun.search.details import Details
from trickrun.tricks.monitor import Monitor
from trickrun.user_code import source_hash

Status = Literal["finished", "stopped", "diverged", "failed", "crashed"]
"""finished; stopped: at a rung of successive halving; diverged: its loss became non-finite; failed:
its recipe cannot be a job; crashed: its process died or memory ran out, which may be no fault of
the recipe's, so it is tried again."""


P = TypeVar("P", bound=Params)

TRAIN_LOSS_REVISION = 2
"""Of what train_loss is, where a trial watches it. 2: a mean over samples, not over steps."""

NOT_IN_A_JOB = ("name", "grid", "expect")
"""Sections that no job is made of."""


@dataclass(frozen=True)
class Trial:
    """One recipe of a search.

    Args:
        id: its identity; see ``identity``.
        params: recipe path to the value that this trial has there.
        tree: the whole recipe as a canonical tree.
        data: the fingerprint of the data that it is to be trained on.
        detailed: whether its result has details. They change no number of the training.
    """

    id: str
    params: dict[str, Any]
    tree: dict[str, Any]
    data: Any = None
    detailed: bool = False


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
        details: of a detailed trial that finished.
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
    details: Details | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; without details if it has none."""
        told = asdict(self)
        if self.details is None:
            del told["details"]
        return told


def make_trial(tree: dict[str, Any], params: Mapping[str, Any], folder: Path) -> Trial:
    """Return the trial of a canonical ``tree``; raises RecipeError if it is no valid recipe."""
    recipe = from_tree(tree)
    data = recipe.data.fingerprint(folder)
    return Trial(identity_on(recipe, folder, data), dict(params), tree, data)


def identity(recipe: Recipe, folder: Path) -> str:
    """Return the identity of the trial of ``recipe`` on its data as they are now."""
    return identity_on(recipe, folder, recipe.data.fingerprint(folder))


def identity_on(recipe: Recipe, folder: Path, data: Any) -> str:
    """Return the hash of everything that a trial's result depends on.

    That is what the recipe says beyond the defaults (without name, grid, expect, device and
    threads), the revisions of the kinds that it uses or leaves the choice of to an auto, the data's
    fingerprint, and the source of the user's code and of kinds from other packages. So a parameter
    that is new in a later version, at its default, makes no trial another one; a kind whose default
    or meaning has changed does.
    """
    train = with_defaults(recipe.train, ("device", "threads"))
    job = with_defaults(recipe.model_copy(update={"train": train}), NOT_IN_A_JOB)
    kinds = list(parts(job))
    revisions = {path: part.revision for path, part in kinds}
    for path, part in kinds:
        revisions |= {f"{path}:{kind.__name__}": kind.revision for kind in part.stands_for}
    content = {
        "recipe": beyond_defaults(job),
        "revisions": {path: revision for path, revision in revisions.items() if revision != 1},
        "data": data,
        "sources": [source_hash(target, folder) for target in foreign_code(job)],
    }
    if watches_train_loss(recipe):
        content["train_loss"] = TRAIN_LOSS_REVISION
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def watches_train_loss(recipe: Recipe) -> bool:
    """Return whether train_loss decides when a trial ends, what its rate is, or how it ranks."""
    watched = [part.monitor for _, part in parts(recipe) if isinstance(part, Monitor)]
    watched += [recipe.grid.metric] if recipe.grid is not None else []
    return "train_loss" in watched


def with_defaults(params: P, names: Iterable[str]) -> P:
    """Return ``params`` with the parameters ``names`` at their defaults."""
    fields = type(params).model_fields
    return params.model_copy(update={name: default_of(fields[name]) for name in names})


def beyond_defaults(params: Params) -> dict[str, Any]:
    """Return parameters as plain data without those at their default; a kind is always named."""
    return {
        field.alias or name: plain(value)
        for name, field in type(params).model_fields.items()
        if (value := getattr(params, name)) != default_of(field) or name == "kind"
    }


def plain(value: Any) -> Any:
    """Return a parameter's value as plain data; parameters in it without their defaults."""
    if isinstance(value, Params):
        return beyond_defaults(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
