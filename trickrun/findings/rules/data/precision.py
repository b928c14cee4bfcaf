"""What of the data is lost in the type that they are trained in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trickrun.findings.evidence.data import Collapsed
from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding

LOST = 0.01
"""Share of the different values that is lost from which on it is said. Own: of 20000 normal
numbers, all different, float32 merges 2 in 10000."""

NAMED = 3
"""Features that are told one by one."""

NAME = "Distinct values merge"


def lost_inputs(e: Facts) -> list[Finding]:
    """TR109: features whose values differ by less than the training type can tell; trap: many
    fractions, of which a few are always merged."""
    found = grave(e.data.collapsed) if e.data else []
    if not found or e.inputs.zeroed:
        return []
    scaled = e.inputs.normalize in ("standard", "minmax")
    edit: dict[str, Any] | None = {"data.normalize": {"kind": "standard"}}
    advice = "Normalizing subtracts the mean before anything is rounded."
    if scaled:
        edit = {"train.precision": "float64"} if found[0].type == "float32" else None
        advice = (
            "Some values are so far from the others that the differences between these are "
            "rounded away. Look for a value that stands for a missing one, or take the logarithm."
        )
    why = f"{told(found)} {advice}"
    return [Finding("TR109", NAME, "warning", 0.9, "data.normalize", numbers(found), why, edit)]


def lost_targets(e: Facts) -> list[Finding]:
    """TR109: targets whose values differ by less than the training type tells; trap: as above."""
    found = grave(e.data.collapsed_targets) if e.data else []
    if not found:
        return []
    edit: dict[str, Any] | None = {"data.scale_targets": "standard"}
    advice = "Scaling them subtracts the mean before anything is rounded."
    if e.inputs.scale_targets != "none":
        edit = {"train.precision": "float64"} if found[0].type == "float32" else None
        advice = (
            "Some are so far from the others that the differences between these are rounded away."
        )
    why = f"Targets: {told(found)} {advice}"
    where = "data.scale_targets"
    return [Finding("TR109", NAME, "warning", 0.9, where, numbers(found), why, edit)]


def grave(collapsed: Sequence[Collapsed]) -> list[Collapsed]:
    """Return those that lose more than a few values, the worst first."""
    lost = [each for each in collapsed if each.values - each.left > LOST * each.values]
    return sorted(lost, key=lambda each: each.left / each.values)


def told(found: Sequence[Collapsed]) -> str:
    """Return, in words, how many values are left of how many."""
    each = [
        f"{c.values} distinct values of {c.name} become {c.left} number{'s' if c.left > 1 else ''}"
        for c in found[:NAMED]
    ]
    more = f" (and {len(found) - NAMED} more features)" if len(found) > NAMED else ""
    return f"{'; '.join(each)} in {found[0].type}{more}."


def numbers(found: Sequence[Collapsed]) -> dict[str, Any]:
    """Return the figures of the worst one."""
    worst = found[0]
    return {"name": worst.name, "values": worst.values, "left": worst.left, "features": len(found)}


RULES = (lost_inputs, lost_targets)
