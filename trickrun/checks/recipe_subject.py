"""A recipe as the subject of a check."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trickrun.checks.data_look import measure
from trickrun.checks.interventions.edits import Changes
from trickrun.checks.interventions.parts import Alternatives, Restraints
from trickrun.checks.interventions.rates import scaled_rates, usual_rates
from trickrun.checks.interventions.regularizers import beside_loss, declared
from trickrun.checks.interventions.replacements import replacements
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import DataError
from trickrun.findings.evidence.facts import Facts
from trickrun.recipe.facts import facts_of, optimizer_facts
from trickrun.recipe.load import Loaded, derive
from trickrun.recipe.schema import Recipe
from trickrun.search.executors.work import NOT_IN_DATA
from trickrun.training.compile import compile_to_measure
from trickrun.training.device import training_type
from trickrun.training.job import RecipeJob
from trickrun.training.spans import timed


@dataclass(frozen=True)
class RecipeSubject:
    """A recipe and the data that it names, which are loaded once for all that share them.

    Args:
        loaded: the recipe.
        origin: what it was changed from, if anything.
    """

    loaded: Loaded
    origin: RecipeSubject | None = field(default=None, repr=False, compare=False)

    @property
    def recipe(self) -> Recipe:
        """The checked recipe."""
        return self.loaded.recipe

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    @property
    def seed(self) -> int:
        """The recipe's seed."""
        return self.recipe.seed

    @property
    def lr(self) -> float:
        """The recipe's learning rate."""
        return self.recipe.optimizer.lr

    @cached_property
    def data(self) -> Prepared:
        """The recipe's splits, loaded when they are first asked for. Raises DataError."""
        if self.origin is not None and same_splits(self.loaded, self.origin.loaded):
            return self.origin.data
        with timed("data"):
            return prepare(self.recipe.data, self.loaded.folder, training_type(self.recipe))

    def job(self) -> RecipeJob:
        """Return the recipe compiled afresh. Raises DataError or CompileError."""
        return compile_to_measure(self.recipe, self.loaded.folder, self.data)

    def changed(self, changes: Changes) -> RecipeSubject:
        """Return the recipe patched, and validated again. Raises RecipeError or PathError."""
        return RecipeSubject(derive(self.loaded, changes), self)

    def one_batch(self, size: int) -> RecipeSubject:
        """Return the recipe that trains on ``size`` samples as one batch, or on all if it has
        fewer. Raises DataError."""
        subset = self.recipe.data.subset
        changes: dict[str, Any] = {
            "data.subset": {"n": min(size, subset.n) if subset is not None else size},
            "data.batch_size": "full",
            "train.accumulate": None,
        }
        batch = self.changed(changes)
        try:
            batch.data  # noqa: B018  only loading tells how many samples there are
        except DataError as error:
            if error.where != "data.subset.n":
                raise
            return self.changed({**changes, "data.subset": None})
        return batch

    def called(self, path: str) -> str:
        """Return the path itself: that is where the part stands in the recipe."""
        return path

    def facts(self) -> Facts:
        """Return what the recipe and its data tell. Raises DataError."""
        return facts_of(self.recipe, measure(self.recipe, self.data))

    def restraints(self) -> Restraints:
        """Return the recipe's regularizers, and what else it declares that slows fitting."""
        recipe = self.recipe
        declares = {
            "optimizer.schedule": recipe.optimizer.schedule.kind_name != "constant",
            "early_stopping": recipe.early_stopping is not None,
            "train.batch_ramp": recipe.train.batch_ramp is not None,
            "train.gradual_unfreezing": recipe.train.gradual_unfreezing is not None,
        }
        off: dict[str, Any] = {
            "train.batch_ramp": None,
            "train.gradual_unfreezing": None,
            "regularizers": None,
            "augmentation": None,
            "early_stopping": None,
            "optimizer.schedule": {"kind": "constant"},
        }
        if getattr(recipe.optimizer, "weight_decay", 0.0):
            off["optimizer.weight_decay"] = 0.0
        off |= recipe.data.without_unknown
        others = [path for path, declared_here in declares.items() if declared_here]
        others += recipe.data.without_unknown
        return Restraints(declared(self.loaded), others, off, beside_loss(self.loaded))

    def alternatives(self) -> Alternatives:
        """Return the usual replacements of the recipe's parts, and its learning rate scaled."""
        recipe = self.recipe
        return Alternatives(
            parts=replacements(recipe, self.data.task),
            rates=scaled_rates(self.lr, optimizer_facts(recipe.optimizer).usual_rate),
            usual_lr=math.sqrt(math.prod(usual_rates(recipe.optimizer))),
        )


def same_splits(one: Loaded, other: Loaded) -> bool:
    """Whether two recipes train on the same prepared data."""
    if one.folder != other.folder:
        return False
    return splits_of(one) == splits_of(other)


def splits_of(loaded: Loaded) -> dict[str, Any]:
    """Return what of the data section decides what is prepared."""
    return loaded.recipe.data.model_dump(exclude=NOT_IN_DATA)
