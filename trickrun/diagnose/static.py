"""What is wrong with a recipe before it trains: findings from its text and its data."""

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
from trickrun.diagnose.finding import Finding
from trickrun.diagnose.rank import ranked
from trickrun.diagnose.static_evidence import Static

Rule = Callable[[Static], "list[Finding]"]

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


def findings(evidence: Static) -> list[Finding]:
    """Return what is wrong, causes first; without a look at the data, what the text tells."""
    return ranked(finding for rules in FAMILIES for rule in rules for finding in rule(evidence))
