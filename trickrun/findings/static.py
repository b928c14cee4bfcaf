"""What is wrong with a training before it starts: findings from what is known of it."""

from __future__ import annotations

from collections.abc import Callable

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding
from trickrun.findings.rank import ranked
from trickrun.findings.rules.data import (
    class_weights as data_class_weights,
)
from trickrun.findings.rules.data import (
    inputs as data_inputs,
)
from trickrun.findings.rules.data import (
    leaks as data_leaks,
)
from trickrun.findings.rules.data import (
    precision as data_precision,
)
from trickrun.findings.rules.data import (
    splits as data_splits,
)
from trickrun.findings.rules.data import (
    targets as data_targets,
)
from trickrun.findings.rules.recipe import (
    augmentation as recipe_augmentation,
)
from trickrun.findings.rules.recipe import (
    head as recipe_head,
)
from trickrun.findings.rules.recipe import (
    monitors as recipe_monitors,
)
from trickrun.findings.rules.recipe import (
    network as recipe_network,
)
from trickrun.findings.rules.recipe import (
    regularizers as recipe_regularizers,
)
from trickrun.findings.rules.recipe import (
    steps as recipe_steps,
)

Rule = Callable[[Facts], "list[Finding]"]

FAMILIES: tuple[tuple[Rule, ...], ...] = (
    data_inputs.RULES,
    data_targets.RULES,
    data_class_weights.RULES,
    data_splits.RULES,
    data_leaks.RULES,
    data_precision.RULES,
    recipe_head.RULES,
    recipe_network.RULES,
    recipe_steps.RULES,
    recipe_monitors.RULES,
    recipe_regularizers.RULES,
    recipe_augmentation.RULES,
)


def findings(facts: Facts) -> list[Finding]:
    """Return what is wrong, causes first; what rests on an unknown fact is not said."""
    return ranked(finding for rules in FAMILIES for rule in rules for finding in rule(facts))
