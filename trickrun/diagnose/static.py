"""What is wrong with a training before it starts: findings from what is known of it."""

from __future__ import annotations

from collections.abc import Callable

from trickrun.diagnose import (
    data_inputs,
    data_splits,
    data_targets,
    recipe_augmentation,
    recipe_head,
    recipe_network,
    recipe_regularizers,
    recipe_steps,
)
from trickrun.diagnose.facts import Facts
from trickrun.diagnose.finding import Finding
from trickrun.diagnose.rank import ranked

Rule = Callable[[Facts], "list[Finding]"]

FAMILIES: tuple[tuple[Rule, ...], ...] = (
    data_inputs.RULES,
    data_targets.RULES,
    data_splits.RULES,
    recipe_head.RULES,
    recipe_network.RULES,
    recipe_steps.RULES,
    recipe_regularizers.RULES,
    recipe_augmentation.RULES,
)


def findings(facts: Facts) -> list[Finding]:
    """Return what is wrong, causes first; what rests on an unknown fact is not said."""
    return ranked(finding for rules in FAMILIES for rule in rules for finding in rule(facts))
