"""The trainings that tell what keeps a network from fitting one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trickrun.checks.overfit_batch.arms import Arm, run_arm
from trickrun.checks.overfit_batch.findings import (
    alternatives,
    combined,
    regularizer_blocks,
    together_too_much,
    unexplained,
)
from trickrun.checks.overfit_batch.goal import BLOCKED, FITTED
from trickrun.checks.overfit_batch.regularizers_back import Regularizer
from trickrun.checks.overfit_batch.suspects import Suspect, scaled_rates, suspects
from trickrun.checks.usual_rates import usual_rates
from trickrun.data.splits.prepare import Prepared
from trickrun.diagnose.finding import Finding
from trickrun.errors import TrickrunError
from trickrun.recipe.load import Loaded
from trickrun.recipe.schema import Recipe


@dataclass
class Search:
    """The trainings of one check, in order.

    Args:
        base: the recipe with one batch and nothing that regularizes.
        data: that batch.
        steps: of the base training; every other one gets half, or as many as the base took.
        arms: what was trained, by the name of what was changed.
    """

    base: Loaded
    data: Prepared
    steps: int
    arms: dict[str, Arm] = field(default_factory=dict)

    def run(self, name: str, changes: Mapping[str, Any], share: float = FITTED) -> Arm | None:
        """Train the base with ``changes``; None if that is no recipe, or does not fit the model."""
        taken = self.arms["base"].steps if self.arms and self.arms["base"].fitted else 0
        steps = max(self.steps // 2, taken, 1) if self.arms else self.steps
        try:
            arm = run_arm(self.base, self.data, changes, steps, share)
        except TrickrunError:
            if not self.arms:
                raise
            return None
        self.arms[name] = arm
        return arm

    def fits(self, name: str, changes: Mapping[str, Any]) -> bool:
        arm = self.run(name, changes)
        return arm is not None and arm.fitted


def blockers(search: Search, loaded: Loaded) -> tuple[list[Finding], list[str]]:
    """Return which part keeps the batch from being fitted: the findings and the parts' paths.

    A part is a blocker if the batch is fitted once it alone is replaced. If no single one is, all
    are replaced, and put back one at a time while the batch is still fitted.
    """
    rates = scaled_rates(search.base.recipe)
    doubted = suspects(search.base.recipe, search.data.task)
    alone = [s for s in rates + doubted if search.fits(label(s), s.changes)]
    alone = one_rate(alone, search.base.recipe)
    if alone:
        # Another learning rate makes up for many a fault, so it comes last among equals.
        alone.sort(key=lambda s: (search.arms[label(s)].steps, s.path == "optimizer.lr"))
        found = alternatives(alone, search.arms, label)
        return found, [finding.where for finding in found]
    if not search.fits("all replaced", merged(doubted)):
        return [unexplained(loaded, search.arms)], []
    needed = smallest(doubted, search)
    last = search.arms.get("needed together") or search.arms["all replaced"]
    return [combined(needed, merged(needed), search.arms["base"], last)], [s.path for s in needed]


def one_rate(alone: list[Suspect], recipe: Recipe) -> list[Suspect]:
    """Return ``alone`` with the most usual learning rate, of several: one batch is fitted fastest
    with a rate that is too high for more."""
    middle = math.sqrt(math.prod(usual_rates(recipe)))
    rates = [s for s in alone if s.path == "optimizer.lr"]
    rates.sort(key=lambda s: abs(math.log10(s.changes[s.path] / middle)))
    return [s for s in alone if s not in rates[1:]]


def smallest(doubted: list[Suspect], search: Search) -> list[Suspect]:
    """Return few of ``doubted`` whose replacement together lets the batch be fitted."""
    needed = doubted
    # The unlikely ones first: where two would do, the likelier one stays.
    for suspect in reversed(doubted):
        fewer = [other for other in needed if other is not suspect]
        arm = search.run("fewer", merged(fewer))
        if arm is not None and arm.fitted:
            needed = fewer
            search.arms["needed together"] = arm
    search.arms.pop("fewer", None)
    return needed


def merged(parts: list[Suspect]) -> dict[str, Any]:
    """Return the changes of all parts; one inside a section that is replaced whole is left out."""
    changes: dict[str, Any] = {}
    for part in parts:
        changes |= part.changes
    whole = {path for path, value in changes.items() if isinstance(value, dict)}
    return {
        path: value
        for path, value in changes.items()
        if not any(path.startswith(f"{section}.") for section in whole)
    }


def label(suspect: Suspect) -> str:
    """Return what names a suspect's training: its path, and the value tried if that is a number."""
    value = suspect.changes.get(suspect.path)
    return f"{suspect.path}={value:g}" if isinstance(value, float) else suspect.path


def add_back(search: Search, regularizers: list[Regularizer]) -> tuple[list[Finding], list[str]]:
    """Return which of the switched off regularizers alone prevents fitting the batch."""
    findings: list[Finding] = []
    for regularizer in regularizers:
        arm = search.run(regularizer.path, regularizer.back, BLOCKED)
        if arm is None or arm.fitted:
            continue
        cure = None
        if regularizer.weaker is not None:
            name = ", ".join(f"{path}={value:g}" for path, value in regularizer.edit.items())
            cure = search.run(name, regularizer.weaker, BLOCKED)
        findings.append(regularizer_blocks(regularizer, arm, cure, search.arms["base"]))
    blocked = [finding.where for finding in findings]
    if not findings and len(regularizers) > 1:
        arm = search.run("all regularizers", all_back(regularizers), BLOCKED)
        if arm is not None and not arm.fitted:
            findings.append(together_too_much(regularizers, arm, search.arms["base"]))
    return findings, blocked


def all_back(regularizers: list[Regularizer]) -> dict[str, Any]:
    """Return the change that puts all of them back; augmentations are one list."""
    changes: dict[str, Any] = {}
    augmentations: list[Any] = []
    for regularizer in regularizers:
        augmentations += regularizer.back.get("augmentation", [])
        changes |= regularizer.back
    return {**changes, "augmentation": augmentations} if augmentations else changes
