"""What is wrong with somebody's training program: findings from what `watch` saw of it.

Each finding names the line of the program that it is about and what to change there. Where it
cannot be known, nothing is said.
"""

from __future__ import annotations

from trickrun.findings.evidence.program import Program
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program import (
    by_hand,
    classes,
    collapse,
    data,
    epochs,
    layers,
    losses,
    modes,
    parts,
    rates,
    schedules,
    steps,
    weights,
)
from trickrun.findings.stories import merged

RULES = (
    *data.RULES,
    *classes.RULES,
    *collapse.RULES,
    *losses.RULES,
    *modes.RULES,
    *steps.RULES,
    *weights.RULES,
    *by_hand.RULES,
    *schedules.RULES,
    *rates.RULES,
    *layers.RULES,
    *parts.RULES,
    *epochs.RULES,
)


def findings(program: Program) -> list[Finding]:
    """Return what is wrong, causes first; symptoms name the finding that explains them."""
    return merged(finding for rule in RULES for finding in rule(program))
