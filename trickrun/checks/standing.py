"""Scores beside what needs no training loop: a constant answer, a linear model, trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from trickrun.checks.diagnosis.reference import (
    MOST,
    samples_for_learners,
    scores_of_learners,
)
from trickrun.checks.diagnosis.skill import metric_for, skill, standard_error
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import SplitData
from trickrun.findings.evidence.constant import Constant
from trickrun.findings.evidence.reference import Reference
from trickrun.findings.finding import Finding
from trickrun.findings.rules.chance import at_chance, behind_linear
from trickrun.recipe.schema import Recipe
from trickrun.search.executors.choose import one_thread
from trickrun.search.executors.work import NOT_IN_DATA, prepared
from trickrun.search.executors.workers import JUDGING, WORKERS
from trickrun.training.compile import pick_loss, settings_of
from trickrun.training.constant import constant_answer, scores_of
from trickrun.training.device import pick_device, training_type
from trickrun.training.spans import timed


@dataclass(frozen=True)
class Standing:
    """What a recipe's validation part allows, the network aside; without one, its training part.

    Args:
        constant: what always giving the same answer scores there; None: nobody knows.
        reference: what other learners score; None where they cannot be fitted.
    """

    constant: Constant | None
    reference: Reference | None

    def as_json(self) -> dict[str, Any]:
        """Return the keys of a check's result."""
        return {
            "constant": None if self.constant is None else asdict(self.constant),
            "reference": None if self.reference is None else asdict(self.reference),
        }

    def findings(self, values: Mapping[str, float | None], tries: int, then: str) -> list[Finding]:
        """Return what the best of ``tries`` trainings has not done better.

        Args:
            values: its train_loss, val_loss, and val_ and each metric's name.
            then: what to do next, a sentence.
        """
        where = "val" if "val_loss" in values else "train"
        loss, accuracy = values.get(f"{where}_loss"), values.get("val_accuracy")
        nothing = None
        if loss is not None:
            nothing = at_chance(self.constant, loss, accuracy, where=where, tries=tries, then=then)
        if nothing is not None:
            return [nothing]
        if self.reference is None:
            return []
        found = behind_linear(self.reference, values.get(f"val_{self.reference.metric}"), "val")
        return [] if found is None else [found]


@timed("judging")
def standing_of(recipe: Recipe, folder: Path) -> Standing:
    """Return what the data of a recipe allow. Raises TrickrunError if they cannot be read."""
    with one_thread():  # another number gives other last bits
        data = prepare(recipe.data, folder, training_type(recipe))
        return Standing(constant_of(recipe, data), reference_of(recipe, data))


def constant_of(recipe: Recipe, data: Prepared) -> Constant | None:
    """Return what always giving the same answer scores on the validation part."""
    smoothing = settings_of(recipe).label_smoothing
    answer = constant_answer(pick_loss(recipe, data.task), data.task, data.train, smoothing)
    scores = {} if answer is None else scores_of(answer, data)
    return scores.get("train" if data.val is None else "val")


def same_standing(one: Recipe, other: Recipe) -> bool:
    """Return whether ``standing_of`` finds the same of two recipes: it reads no more of them."""

    def read(recipe: Recipe) -> tuple[Any, ...]:
        smoothing = recipe.regularizers.label_smoothing
        data = recipe.data.model_dump(exclude=NOT_IN_DATA)
        return data, recipe.loss, recipe.metrics, smoothing, recipe.train.precision

    return read(one) == read(other)


def standing_aside(recipe: Recipe, folder: Path) -> Callable[[], Standing]:
    """Begin ``standing_of`` and return what waits for it: the learners are fitted beside what this
    process does. All of it waits where nothing is done beside."""
    later = partial(standing_of, recipe, folder)
    if not WORKERS.warm:
        return later
    try:
        with timed("judging"), one_thread():
            if pick_device(recipe.train.device).type == "cpu":
                data = prepared(recipe, folder, recipe.data.fingerprint(folder))
            else:  # there are other last bits
                data = prepare(recipe.data, folder, training_type(recipe))
            constant, reference = constant_of(recipe, data), reference_aside(recipe, data)
    except Exception:  # whatever it is, is told when the standing is wanted
        return later
    return lambda: Standing(constant, reference())


def reference_of(recipe: Recipe, data: Prepared) -> Reference | None:
    """Return what a linear model and trees score on the validation part, by the recipe's first
    metric that suits; None where they cannot be fitted (see ``reference_scores``)."""
    metric = metric_for(recipe, data.task)
    samples = samples_for_learners(thinned_parts(data))
    if samples is None:
        return None
    return reference_by(metric, scores_of_learners(samples, metric), data)


def reference_aside(recipe: Recipe, data: Prepared) -> Callable[[], Reference | None]:
    """Begin ``reference_of`` in a worker, beside what this process does, and return what waits for
    it."""
    metric = metric_for(recipe, data.task)
    samples = samples_for_learners(thinned_parts(data))
    if samples is None:
        return lambda: None
    scores = WORKERS.aside(JUDGING, partial(scores_of_learners, samples, metric))
    return lambda: reference_by(metric, scores(), data)


def reference_by(metric: str, scores: Mapping[str, float], data: Prepared) -> Reference:
    """Return the scores of learners, and by how much another validation part would change them."""
    level = skill(scores["linear"], metric, data.task)
    room = (1 - scores["linear"]) / (1 - level) if level < 1 else 1.0
    error = room * standard_error(level, data)
    return Reference(metric, **scores, error=error, fitted=len(thinned(data.train)))


def thinned_parts(data: Prepared) -> Prepared:
    """Return data with ``thinned`` training and validation parts."""
    return replace(data, train=thinned(data.train), val=data.val and thinned(data.val))


def thinned(part: SplitData) -> SplitData:
    """Return as many samples as learners are fitted to within seconds, evenly spaced: those of a
    sorted file are not all of one class then."""
    return part.at(slice(None, None, max(1, -(-len(part) // MOST))))
