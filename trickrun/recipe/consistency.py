"""What the sections of a recipe must agree on, as far as the text alone can tell.

A rule looks at sections that are each valid by themselves, and what it finds stops the recipe. What
is allowed but is probably not meant is a finding: see ``findings/static.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trickrun.recipe.contradictions import (
    distinct_metrics,
    filled_batch,
    gate_conditions,
    gate_names,
    images,
    monitors,
    shares,
    smoothed_loss,
    within_the_optimizer,
)
from trickrun.recipe.messages import Complaint
from trickrun.recipe.schema import Recipe
from trickrun.recipe.space import comparable, paths_exist, values_fit

Check = Callable[[Recipe], Iterable[Complaint]]


@dataclass(frozen=True)
class Rule:
    """A check across parameters, which runs if all of its ``sections`` are valid."""

    check: Check
    sections: tuple[str, ...]


ERRORS = (
    Rule(shares, ("data",)),
    Rule(filled_batch, ("data",)),
    Rule(images, ("data", "augmentation", "regularizers")),
    Rule(within_the_optimizer, ("optimizer",)),
    Rule(smoothed_loss, ("loss", "regularizers")),
    Rule(distinct_metrics, ("metrics",)),
    Rule(monitors, ("data", "metrics", "early_stopping", "optimizer", "grid")),
    Rule(gate_conditions, ("expect",)),
    Rule(gate_names, ("data", "metrics", "expect")),
    Rule(paths_exist, ("grid",)),
    Rule(comparable, ("grid",)),
    Rule(values_fit, tuple(Recipe.model_fields)),
)


def broken(rules: Iterable[Rule], recipe: Recipe, invalid: Iterable[str] = ()) -> list[Complaint]:
    """Return what ``rules`` find in the sections of ``recipe`` that are not ``invalid``."""
    skipped = set(invalid)
    return [
        complaint
        for rule in rules
        if skipped.isdisjoint(rule.sections)
        for complaint in rule.check(recipe)
    ]
