"""What the sections of a recipe must agree on, as far as the text alone can tell.

A rule looks at sections that are each valid by themselves. An error stops the recipe; a warning is
for what is allowed but is probably not meant.
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
from trickrun.recipe.doubts import (
    balanced_twice,
    decayed_twice,
    learned_before_unfreezing,
    noisy_statistics,
    patience_fits,
    pretrained_inputs,
    still_moving,
    transformer_normalized,
    warmup_fits,
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

WARNINGS = (
    Rule(decayed_twice, ("optimizer", "regularizers")),
    Rule(noisy_statistics, ("data", "normalization")),
    Rule(balanced_twice, ("data", "loss")),
    Rule(pretrained_inputs, ("data", "model")),
    Rule(warmup_fits, ("optimizer", "train")),
    Rule(learned_before_unfreezing, ("model", "train")),
    Rule(still_moving, ("regularizers", "optimizer")),
    Rule(transformer_normalized, ("model", "normalization")),
    Rule(patience_fits, ("early_stopping", "train")),
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
